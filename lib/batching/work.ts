/**
 * What a batcher computes: predictions of single sequences, and steps of sessions.
 *
 * @module
 */
import type { NativeInputBatch, NonSharedFloat32Array } from '../../binding'
import type { BatchForm } from '../batch-forms'
import { allocate, newFloat32Array } from '../arrays'
import { argumentError } from '../errors'
import type { Graph, GraphInput, GraphOutput } from '../graph'
import type { GraphModel, ModelInternals } from '../graph-model'
import { checkInputs, checkInputType, type ModelInput, outputRows } from '../model-batch'
import { native } from '../native'
import { Session } from '../session'
import { checkStepInput } from '../session-core'
import { checkIndices } from '../validate'

/** What a request asks for. */
export interface Work {
  readonly kind: WorkKind
  /** Of a step: a batch has at most one step of each session. */
  readonly session: Session | undefined
  /** The number of sequences. */
  readonly sequences: number
  /** The number of steps of the longest input. */
  readonly steps: number
  /** Copies of the caller's arrays, one for each input of the graph. */
  readonly inputs: readonly ModelInput[]
}

/** Work that can be computed together: one kind for each model. */
export interface WorkKind {
  readonly name: 'predict' | 'step'
  readonly form: BatchForm
  readonly graph: Graph
  /** Computes works of this kind as one batch, and returns the outputs of each. */
  readonly compute: (works: readonly Work[]) => Promise<NonSharedFloat32Array[][]>
}

/** A kind of work of one model. */
abstract class ModelWorkKind implements WorkKind {
  abstract readonly name: WorkKind['name']
  readonly form: BatchForm
  protected readonly core: GraphModel

  constructor({ core, form }: ModelInternals) {
    this.form = form
    this.core = core
  }

  get graph(): Graph {
    return this.core.graph
  }

  abstract compute(works: readonly Work[]): Promise<NonSharedFloat32Array[][]>
}

/** Predictions of a model. */
export class Predictions extends ModelWorkKind {
  readonly name = 'predict'

  /**
   * Copies a sequence, and checks the copy as a prediction alone would. The model must be in use.
   *
   * @param given - an array, or arrays by name
   */
  accept(given: unknown): Work {
    this.core.checkInUse()
    const { graph } = this
    const copies = copiesOf(this.form, graph, given)
    const { inputs } = checkInputs(graph, { batch: 1, inputs: copies, lengths: [] })
    checkSameSteps(graph, inputs)
    for (const [index, { values }] of inputs.entries()) checkTokens(graph.inputs[index]!, values)
    return {
      kind: this,
      session: undefined,
      sequences: 1,
      steps: Math.max(...inputs.map(({ steps }) => steps)),
      inputs: copies,
    }
  }

  async compute(works: readonly Work[]): Promise<NonSharedFloat32Array[][]> {
    const outputs = works.map((work) => this.#newOutputs(work))
    const inputs = works.flatMap((work) => work.inputs)
    await this.core.native.predictTogether(inputs, outputs.flat(), null)
    return outputs
  }

  #newOutputs(work: Work): NonSharedFloat32Array[] {
    const inputs: NativeInputBatch[] = this.graph.inputs.map(({ columns }, index) => {
      const values = work.inputs[index]!
      return { steps: values.length / columns, lengths: null, values }
    })
    return this.graph.outputs.map((output) =>
      newOutput(output, outputRows(output, { batch: 1, inputs })),
    )
  }
}

/** Steps of the sessions of a model. */
export class Steps extends ModelWorkKind {
  readonly name = 'step'

  /** As {@link Predictions.accept}, of the inputs of one step. */
  accept(session: Session, given: unknown): Work {
    const { graph } = this
    const core = Session.coreOf(session)
    core.checkInUse()
    const sequences = core.batch
    const inputs = copiesOf(this.form, graph, given)
    for (const [index, input] of graph.inputs.entries()) {
      checkTokens(input, checkStepInput(input, sequences, inputs[index]))
    }
    return { kind: this, session, sequences, steps: 1, inputs }
  }

  async compute(works: readonly Work[]): Promise<NonSharedFloat32Array[][]> {
    const sessions = works.map(({ session }) => Session.coreOf(session!).native)
    const rows = works.reduce((sum, { sequences }) => sum + sequences, 0)
    const inputs = this.graph.inputs.map((input, index) => joined(works, index, input, rows))
    const outputs = this.graph.outputs.map((output) => newOutput(output, rows))
    // The call changes the states. So nothing after it may fail, and all arrays are made before it.
    const answers = works.map((work) =>
      this.graph.outputs.map((output) => newOutput(output, work.sequences)),
    )
    const rowsOf = this.#split(works, outputs)
    await native().stepSessions(sessions, inputs, outputs, null)
    for (let work = 0; work < answers.length; work++) {
      for (let output = 0; output < outputs.length; output++) {
        answers[work]![output]!.set(rowsOf[work]![output]!)
      }
    }
    return answers
  }

  /** The rows of each work, in place. */
  #split(works: readonly Work[], outputs: readonly Float32Array[]): Float32Array[][] {
    let first = 0
    return works.map(({ sequences }) => {
      const from = first
      first += sequences
      return this.graph.outputs.map(({ width }, index) =>
        outputs[index]!.subarray(from * width, first * width),
      )
    })
  }
}

function newOutput({ output, formula, width }: GraphOutput, rows: number): NonSharedFloat32Array {
  return newFloat32Array(output, formula, rows * width)
}

/** Copies of the caller's arrays. The caller's code cannot change them after they were checked. */
function copiesOf(form: BatchForm, graph: Graph, given: unknown): ModelInput[] {
  const arrays = form.inputsOf(graph, '', { [form.keys[0]]: given })
  return graph.inputs.map((input, index) => {
    const { argument, formula } = input
    const values = checkInputType(argument, input, arrays[index])
    // A slice would run code of the caller's class, if it has one.
    const copy = (): ModelInput =>
      input.tokens ? new Int32Array(values) : new Float32Array(values)
    return allocate(argument, formula, values.length, copy)
  })
}

/** The rows of input number `index` of all works, one work after another. */
function joined(
  works: readonly Work[],
  index: number,
  { argument, formula, tokens, columns }: GraphInput,
  rows: number,
): ModelInput {
  const length = rows * columns
  const all = allocate(argument, formula, length, () =>
    tokens ? new Int32Array(length) : new Float32Array(length),
  )
  let first = 0
  for (const { inputs, sequences } of works) {
    all.set(inputs[index]!, first * columns)
    first += sequences
  }
  return all
}

/** Inputs that are joined must have the same steps. One request's fault must not fail a whole batch. */
function checkSameSteps({ inputs }: Graph, given: readonly NativeInputBatch[]): void {
  for (const [index, { group, argument }] of inputs.entries()) {
    const first = inputs.findIndex((input) => input.group === group)
    if (given[index]!.steps === given[first]!.steps) continue
    const expected = `the ${given[first]!.steps} steps of ${inputs[first]!.argument}, with which it is joined`
    throw argumentError('ERR_GRU_SHAPE', argument, expected, String(given[index]!.steps))
  }
}

function checkTokens({ argument, tokens, size }: GraphInput, values: ModelInput): void {
  if (tokens) checkIndices(argument, values as Int32Array, size)
}
