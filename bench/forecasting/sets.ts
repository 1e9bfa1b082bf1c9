/**
 * The data sets of the bench of forecasting.
 *
 * @module
 */

export interface DataSet {
  readonly name: string
  /** A file of vega-datasets, or the name of a series in R. */
  readonly from: { readonly vega: string } | { readonly r: string }
  readonly target: string
  readonly horizon: number
  /** Default: all that can be used. */
  readonly columns?: readonly string[]
}

export const SETS: readonly DataSet[] = [
  { name: 'taylor', from: { r: 'taylor' }, target: 'demand', horizon: 48 },
  {
    name: 'seattle-hourly-normals',
    from: { vega: 'seattle-weather-hourly-normals.csv' },
    target: 'temperature',
    horizon: 24,
  },
  { name: 'github', from: { vega: 'github.csv' }, target: 'count', horizon: 12 },
  {
    name: 'seattle-weather',
    from: { vega: 'seattle-weather.csv' },
    target: 'temp_max',
    horizon: 7,
  },
  { name: 'weather', from: { vega: 'weather.csv' }, target: 'temp_max', horizon: 7 },
  { name: 'sp500-2000', from: { vega: 'sp500-2000.csv' }, target: 'close', horizon: 5 },
  { name: 'EuStockMarkets', from: { r: 'EuStockMarkets' }, target: 'DAX', horizon: 5 },
  { name: 'stocks', from: { vega: 'stocks.csv' }, target: 'price', horizon: 6 },
  { name: 'co2', from: { vega: 'co2-concentration.csv' }, target: 'CO2', horizon: 12 },
  { name: 'AirPassengers', from: { r: 'AirPassengers' }, target: 'passengers', horizon: 12 },
  { name: 'nottem', from: { r: 'nottem' }, target: 'temperature', horizon: 12 },
  { name: 'sunspots', from: { r: 'sunspots' }, target: 'spots', horizon: 12 },
  { name: 'us-employment', from: { vega: 'us-employment.csv' }, target: 'nonfarm', horizon: 6 },
  {
    name: 'unemployment',
    from: { vega: 'unemployment-across-industries.json' },
    target: 'rate',
    horizon: 12,
    columns: ['series', 'date', 'rate'],
  },
  { name: 'UKgas', from: { r: 'UKgas' }, target: 'gas', horizon: 4 },
  {
    name: 'iowa-electricity',
    from: { vega: 'iowa-electricity.csv' },
    target: 'net_generation',
    horizon: 1,
  },
  { name: 'LakeHuron', from: { r: 'LakeHuron' }, target: 'level', horizon: 3 },
]

export const SET_NAMES: readonly string[] = SETS.map(({ name }) => name)
