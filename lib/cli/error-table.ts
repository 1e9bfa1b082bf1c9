/**
 * The errors of an evaluation as they are printed, and the conclusion from them.
 *
 * @module
 */
import type { Evaluation } from './evaluation'
import { formatColumn } from '../forecasting/numbers'

/** A way to forecast, with its errors as they are printed. */
export interface ErrorRow {
  readonly name: string
  readonly mae: string
  readonly rmse: string
}

/** The model's errors, and then those of the baselines. */
export function errorRows({ model, baselines }: Evaluation): readonly [ErrorRow, ...ErrorRow[]] {
  const contenders = [model, ...baselines]
  const maes = formatColumn(contenders.map(({ mae }) => mae))
  const rmses = formatColumn(contenders.map(({ rmse }) => rmse))
  const row = (name: string, i: number): ErrorRow => ({ name, mae: maes[i]!, rmse: rmses[i]! })
  return [row(model.name, 0), ...baselines.map(({ name }, i) => row(name, i + 1))]
}

/** Says whether the model beats the baselines, judged by the printed errors. */
export function verdict([model, ...baselines]: readonly [ErrorRow, ...ErrorRow[]]): string {
  const beaten = ({ mae, rmse }: ErrorRow): boolean =>
    Number(model.mae) < Number(mae) && Number(model.rmse) < Number(rmse)
  const names = baselines.filter((row) => !beaten(row)).map(({ name }) => name)
  return names.length === 0
    ? 'the model beats every baseline on both measures'
    : `the model does not beat, on both measures: ${names.join('; ')}`
}
