// Fills the places of the page's charts.
import { startBacktest } from './backtest.mjs'
import { startDownloads } from './downloads.mjs'
import { startForecast } from './forecast.mjs'
import { startHorizons } from './horizons.mjs'
import { startHistogram, startResiduals } from './residuals.mjs'
import { startTheme } from './theme.mjs'
import { positionsOf } from './times.mjs'
import { startGradients, startLoss, startLosses, startRate } from './training.mjs'

const STARTS = {
  forecast: startForecast,
  backtest: startBacktest,
  horizons: startHorizons,
  residuals: startResiduals,
  histogram: startHistogram,
  loss: startLoss,
  rate: startRate,
  gradients: startGradients,
  losses: startLosses,
}

const data = JSON.parse(document.getElementById('data').textContent)
const texts = data.times ?? []
const times = { ...positionsOf(texts), texts }

startTheme(document.getElementById('appearance'))
for (const host of document.querySelectorAll('[data-chart]'))
  STARTS[host.dataset.chart](host, data, times)
const links = document.getElementById('links')
if (links !== null) startDownloads(links, data)
document.documentElement.dataset.ready = 'true'
