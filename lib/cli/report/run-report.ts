/**
 * The report of a training run: one HTML page that loads nothing.
 *
 * @module
 */
import type { RunResults } from '../../forecasting/results'
import { escapeHtml } from '../html'
import { backtestData } from './backtest-data'
import { epochData, epochNotes } from './epoch-data'
import {
  coverageSection,
  errorSection,
  horizonSection,
  measureData,
  seriesSection,
} from './error-sections'
import { jobSection, runSection, tableSection } from './fact-sections'
import { forecastData } from './forecast-data'
import { importanceSection } from './importance-section'
import { chartPlace, paragraphs, section, shownName, shownText } from './markup'
import { type Page, renderPage } from './page'
import { drawnQuantiles } from './quantiles'
import { histograms, residualData } from './residual-data'
import { residualSection } from './residual-section'
import { fitted } from './size'
import { TimeList } from './time-list'
import { pageHeader, tableOfContents } from './top'
import { spanOf } from './words'

/**
 * The page: a document of less than a megabyte, which draws less where it would be larger, and says so. Equal results give
 * equal pages.
 *
 * @throws GruError ERR_GRU_LOAD if uPlot is not installed
 */
export function renderReport(results: RunResults): string {
  return fitted((share) => renderPage(pageOf(results, share)))
}

function pageOf(results: RunResults, share: number): Page {
  const times = new TimeList()
  const forecasts = forecastData(results, times, share)
  const backtest = backtestData(results, times, share)
  const residuals = residualData(results, times, share)
  const epochs = epochData(results, share)
  const drawn = drawnQuantiles(results.quantiles)
  const sections = [
    forecastSection(results, forecasts.notes),
    ...errorSections(results),
    backtestSection(results, backtest.notes),
    coverageSection(results, drawn.interval),
    residualSection(results, residuals.notes),
    results.epochs.length === 0 ? '' : trainingSection(epochNotes(results, epochs)),
    importanceSection(results),
    tableSection(results),
    jobSection(results),
    runSection(results),
    downloadSection(),
  ].filter((part) => part !== '')
  const targets = results.targets.map(({ name }) => name)
  return {
    title: shownName(`${results.name}: forecast of ${targets.join(', ')}`),
    body: `${pageHeader(results.name, headline(results), results.verdict)}
<main>
${tableOfContents(sections)}
${sections.join('\n')}
</main>`,
    data: {
      times: times.texts,
      targets: results.targets,
      series: results.series,
      quantiles: results.quantiles,
      drawn,
      forecasts: forecasts.data,
      backtest: backtest.data,
      residuals: residuals.data,
      histograms: histograms(results, share),
      measures: results.evaluation.map((one) => measureData(one, one.contenders)),
      epochs,
    },
  }
}

/** HTML. */
function headline({ targets, horizon, step, series }: RunResults): string {
  const names = targets.map(
    ({ name }) => `<span class="name">${escapeHtml(shownName(name))}</span>`,
  )
  const several = series.length > 1 ? ` for ${series.length} series` : ''
  return `Forecast of ${names.join(', ')}, ${shownText(spanOf(horizon, step))} ahead${several}`
}

function forecastSection({ horizon, step }: RunResults, notes: readonly string[]): string {
  return section(
    'forecast',
    'The forecast',
    `<p>What comes after the last row: ${shownText(spanOf(horizon, step))}, with the history before ` +
      'it. Drag over a chart to zoom.</p>',
    chartPlace('forecast', 'the history, the forecast and its interval'),
    paragraphs(notes),
  )
}

/** None before the evaluation, and for a forecast by a saved model. */
function errorSections(results: RunResults): readonly string[] {
  if (results.evaluation.length === 0) return []
  return [errorSection(results), horizonSection(results), seriesSection(results)]
}

function backtestSection({ backtest }: RunResults, notes: readonly string[]): string {
  if (backtest.length === 0) return ''
  return section(
    'backtest',
    'Backtest',
    '<p>Forecasts from several origins in the test part, each made from the rows up to its origin ' +
      'alone, over the truth that came. The chosen one stands out with its interval.</p>',
    chartPlace('backtest', 'the forecasts from all origins over the truth'),
    paragraphs(notes),
  )
}

function trainingSection(notes: readonly string[]): string {
  return section(
    'training',
    'Training',
    '<p>The model is that of the best epoch, the one with the smallest loss of the validation part.</p>',
    chartPlace('loss', 'the loss of the training and validation part by epoch'),
    '<div class="pair">',
    chartPlace('rate', 'the learning rate by epoch'),
    chartPlace('gradients', 'the norm of the gradients by epoch'),
    '</div>',
    paragraphs(notes),
  )
}

function downloadSection(): string {
  return section(
    'downloads',
    'Download',
    '<p>The numbers of this page as files for a spreadsheet.</p>',
    '<div id="links"><p class="fallback">The links need JavaScript. The files forecasts.csv and ' +
      "epochs.csv in the run's folder hold the same.</p></div>",
  )
}
