/**
 * The file of a forecaster: its network's file, with the facts in the metadata.
 *
 * @module
 */
import { argumentError, GruError, quote } from '../errors'
import { parseJson } from '../formats/json'
import { Model } from '../model'
import { SequenceModel } from '../sequence-model'
import type { ForecastFacts } from './facts'
import { futureWidth } from './future-features'
import { checkFacts } from './facts-check'
import { FORECAST, FUTURE, type Network, outputsOfTarget, PAST } from './network'
import { pastWidth } from './prepared-series'
import { factsOfVersion1 } from './version-one'

const METADATA_KEY = 'forecast'

/** Saves network and facts. The file replaces an old one only when it is complete. */
export async function saveNetwork({ model, facts }: Network, path: string): Promise<void> {
  await model.save(path, { metadata: { [METADATA_KEY]: JSON.stringify(facts) } })
}

/**
 * Loads what {@link saveNetwork} saved, or a file of version 1.
 *
 * @throws GruError ERR_GRU_FORMAT if the file cannot be read or holds no forecaster
 */
export async function loadNetwork(path: string): Promise<Network> {
  const model = await loadModel(path)
  try {
    return { model, facts: parseFacts(model, path) }
  } catch (error) {
    model.dispose()
    throw error
  }
}

async function loadModel(path: string): Promise<Model | SequenceModel> {
  try {
    return await Model.load(path)
  } catch (error) {
    try {
      return await SequenceModel.load(path)
    } catch {
      throw error
    }
  }
}

function parseFacts(model: Model | SequenceModel, path: string): ForecastFacts {
  const json = model.metadata[METADATA_KEY]
  const place = `${path}, metadata ${quote(METADATA_KEY)}`
  if (json === undefined) {
    throw argumentError('ERR_GRU_FORMAT', place, 'the facts of a forecaster', 'nothing')
  }
  try {
    const value = parseJson(json, 'facts')
    if (model instanceof SequenceModel) return factsOfVersion1(value, model)
    const facts = checkFacts(value)
    checkFits(model, facts)
    return facts
  } catch (cause) {
    throw new GruError('ERR_GRU_FORMAT', `${place}: ${(cause as Error).message}`, { cause })
  }
}

function checkFits({ options }: Model, facts: ForecastFacts): void {
  const layer = options.layers[FORECAST]
  const widths = [
    pastWidth(facts),
    futureWidth(facts),
    facts.targets.length * outputsOfTarget(facts),
  ]
  const features = (name: string): number => {
    const input = options.inputs[name]
    return input !== undefined && 'features' in input ? input.features : 0
  }
  const size = layer?.type === 'linear' ? layer.size : 0
  const got = [features(PAST), features(FUTURE), size]
  if (String(widths) === String(got)) return
  const expected = `a network of ${widths.join(', ')} features and outputs`
  throw argumentError('ERR_GRU_FORMAT', 'network', expected, got.join(', '))
}
