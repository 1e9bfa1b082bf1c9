/**
 * The project's build in the folder that the second argument names, with parts that the package does not export: other
 * networks are trained on the forecaster's own samples and judged by its own evaluation.
 *
 * @module
 */
import { createRequire } from 'node:module'
import * as path from 'node:path'
import type * as ForecasterModule from 'gru-native/forecasting/forecaster'
import type * as RuntimeModule from 'gru-native/runtime'
import type * as TableModule from 'gru-native/tables/table'
import type * as Calibrating from 'gru-native/forecasting/calibrating'
import type * as Evaluation from 'gru-native/forecasting/evaluation'
import type * as FutureFeatures from 'gru-native/forecasting/future-features'
import type * as Learning from 'gru-native/forecasting/learning'
import type * as Network from 'gru-native/forecasting/network'
import type * as Options from 'gru-native/forecasting/options'
import type * as PreparedSeries from 'gru-native/forecasting/prepared-series'
import type * as TrainingModule from 'gru-native/forecasting/training'
import type * as FrequencyNames from 'gru-native/tables/frequency-names'

const requireFrom = createRequire(path.join(process.argv[3]!, 'package.json'))
const load = (name: string): unknown => requireFrom(`./dist/${name}.js`)

// Not those of the package's one file, which has classes of its own.
export const { Forecaster } = load('forecasting/forecaster') as typeof ForecasterModule
export const { runtime } = load('runtime') as typeof RuntimeModule
export const { Table } = load('tables/table') as typeof TableModule
export const { describeFrequency } = load('tables/frequency-names') as typeof FrequencyNames
export const { calibrateOn } = load('forecasting/calibrating') as typeof Calibrating
export const { evaluateForecasts, forecastOrigins } = load(
  'forecasting/evaluation',
) as typeof Evaluation
export const { futureWidth } = load('forecasting/future-features') as typeof FutureFeatures
export const { learn } = load('forecasting/learning') as typeof Learning
export const { createNetwork, FORECAST, FUTURE, knowsSeries, PAST, PAST_SERIES } = load(
  'forecasting/network',
) as typeof Network
export const { checkForecasterOptions } = load('forecasting/options') as typeof Options
export const { pastWidth } = load('forecasting/prepared-series') as typeof PreparedSeries
export const { settingsFor, windowsOf } = load('forecasting/training') as typeof TrainingModule
