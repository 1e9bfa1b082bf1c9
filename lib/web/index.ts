/**
 * The package where there is no Node: in browsers and edge runtimes. It has the same functions. What always needs files
 * says so.
 *
 * @module
 */
import { Forecaster, Model, Seq2Seq, SequenceModel, Table, Trainer } from '../index'
import { functionNeedsNode } from './needs-node'

export * from '../index'

const MODEL_BYTES = 'toBytes gives the bytes of a model, and load takes them'
const KEEP_MODEL = 'keep the bytes of its model (toBytes)'

function refuse(owner: object, ownersName: string, key: string, remedy: string): void {
  const error = (): Error => functionNeedsNode(`${ownersName}.${key}`, remedy)
  Object.defineProperty(owner, key, { value: () => Promise.reject(error()) })
}

for (const model of [Model, SequenceModel, Seq2Seq]) {
  refuse(model.prototype, model.name, 'save', MODEL_BYTES)
}
refuse(Trainer.prototype, 'Trainer', 'save', KEEP_MODEL)
refuse(Trainer, 'Trainer', 'latest', KEEP_MODEL)
refuse(Forecaster.prototype, 'Forecaster', 'save', 'train it in the page')
refuse(Forecaster, 'Forecaster', 'load', 'train it in the page')
refuse(Table, 'Table', 'read', 'Table.from takes rows')

/** As that of Node, which writes files. */
export function openRecords(): Promise<never> {
  return Promise.reject(
    functionNeedsNode('openRecords', 'the progress of Trainer.fit has the same values'),
  )
}
