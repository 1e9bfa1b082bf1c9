/**
 * The forecaster's samples as raw tensors, for a network of another framework.
 *
 * @module
 */
import { writeFileSync } from 'node:fs'
import * as path from 'node:path'
import type { SamplesJob } from '../job'
import * as gru from './library'
import type { Prepared } from './main'

type Window = Awaited<ReturnType<typeof gru.windowsOf>>[number]

/** Writes the samples of both parts as PART.NAME.f32 or .i32, and describes them. */
export async function writeSamples(
  folder: string,
  prepared: Prepared,
): Promise<Omit<SamplesJob, 'seed'>> {
  const { table, options, learnt, hiddenSize } = prepared
  const { facts, parts } = learnt
  const training = await gru.windowsOf(table, facts, parts.training, undefined)
  const validation = await gru.windowsOf(table, facts, parts.validation, undefined)
  const width = gru.pastWidth(facts)
  writePart(folder, 'training', training, facts.window, width)
  writePart(folder, 'validation', validation, facts.window, width)
  const { epochs, batch, patience } = gru.settingsFor(training.length, options)
  const { learningRate, weightDecay, clipNorm } = options.training
  using model = gru.createNetwork(facts, options, hiddenSize)
  return {
    ...{ folder, threads: gru.runtime().threads },
    parts: { training: training.length, validation: validation.length },
    ...{ window: facts.window, horizon: facts.horizon, targets: facts.targets.length },
    ...{ pastWidth: width, futureWidth: gru.futureWidth(facts) },
    tokens: gru.knowsSeries(facts) ? facts.seriesNames.length + 1 : 0,
    ...{ hiddenSize, quantiles: facts.quantiles, epochs, batch, patience },
    ...{ learningRate, weightDecay, clipNorm },
    parameters: Object.entries(model.getParameters()).map(([name, { length: count }]) => ({
      ...{ name, count },
    })),
  }
}

/** Pasts are padded at their ends to the whole window. */
function writePart(
  folder: string,
  part: string,
  windows: readonly Window[],
  steps: number,
  width: number,
): void {
  const floats = (name: string, size: number, of: (window: Window) => Float32Array): void => {
    const all = new Float32Array(windows.length * size)
    for (const [i, window] of windows.entries()) all.set(of(window), i * size)
    writeFileSync(path.join(folder, `${part}.${name}.f32`), all)
  }
  const integers = (name: string, of: (window: Window) => number): void => {
    writeFileSync(path.join(folder, `${part}.${name}.i32`), Int32Array.from(windows, of))
  }
  const inputOf =
    (name: string) =>
    ({ inputs }: Window): Float32Array =>
      inputs[name] as Float32Array
  const targetOf = ({ targets }: Window): Float32Array => targets[gru.FORECAST] as Float32Array
  const [first] = windows
  floats('past', steps * width, inputOf(gru.PAST))
  floats('future', inputOf(gru.FUTURE)(first!).length, inputOf(gru.FUTURE))
  floats('targets', targetOf(first!).length, targetOf)
  integers('lengths', (window) => inputOf(gru.PAST)(window).length / width)
  if (first!.inputs[gru.PAST_SERIES] !== undefined) {
    integers('series', ({ inputs }) => (inputs[gru.PAST_SERIES] as Int32Array)[0]!)
  }
}
