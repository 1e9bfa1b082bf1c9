import * as fc from 'fast-check'
import type { LayerOptions, ModelDescription, NamedInputOptions } from '../../lib'

/**
 * Whole random graphs: inputs, and moves that each add a layer of some type to what is there. The numbers of a move
 * choose among what its type can read, so that every list of moves makes a graph, and a failing one can be shortened.
 */
export interface GraphPlan {
  readonly inputs: readonly InputPlan[]
  readonly moves: readonly Move[]
  readonly batchFirst: boolean
}

interface InputPlan {
  readonly tokens: boolean
  readonly size: number
  /** Inputs of one group have the same steps and lengths: layers may join them. */
  readonly group: number
}

interface Move {
  readonly type: LayerOptions['type']
  readonly size: number
  readonly picks: readonly [number, number, number]
  readonly choice: number
  readonly flags: readonly [boolean, boolean, boolean]
}

export const GROUPS = 2

const types = [
  ...['embedding', 'gru', 'lstm', 'linear', 'dropout', 'layerNorm', 'concat', 'add', 'select'],
  'attention',
] as const satisfies readonly LayerOptions['type'][]

const pick = fc.nat(1000)

export const anyGraph: fc.Arbitrary<GraphPlan> = fc.record({
  inputs: fc.array(
    fc.record({
      tokens: fc.boolean(),
      size: fc.integer({ min: 1, max: 9 }),
      group: fc.nat(GROUPS - 1),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  moves: fc.array(
    fc.record({
      type: fc.constantFrom(...types),
      size: fc.integer({ min: 1, max: 20 }),
      picks: fc.tuple(pick, pick, pick),
      choice: pick,
      flags: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    }),
    { minLength: 1, maxLength: 10 },
  ),
  batchFirst: fc.boolean(),
})

/** A description, the group of each of its inputs, and what each of its outputs is. */
export interface DrawnGraph {
  readonly description: ModelDescription
  readonly groups: Readonly<Record<string, number>>
  readonly outputs: readonly (Edge & { readonly loss: (typeof LOSSES)[number] })[]
}

/** What layers read. */
export interface Edge {
  readonly name: string
  readonly width: number
  readonly tokens: boolean
  readonly every: 'step' | 'last'
  readonly group: number
}

/** The graph that a plan makes. Whatever nothing reads is an output, so that all that there is has a gradient. */
export function drawGraph({ inputs, moves, batchFirst }: GraphPlan): DrawnGraph {
  const drawer = new GraphDrawer(inputs)
  for (const move of moves) MOVES[move.type](drawer, move)
  return drawer.finish(batchFirst)
}

class GraphDrawer {
  readonly #inputs: Record<string, NamedInputOptions> = {}
  readonly #groups: Record<string, number> = {}
  readonly #layers: Record<string, LayerOptions> = {}
  readonly #edges: Edge[] = []
  readonly #unread = new Set<string>()

  constructor(inputs: readonly InputPlan[]) {
    for (const [i, { tokens, size, group }] of inputs.entries()) {
      const name = `input${i}`
      this.#inputs[name] = tokens ? { tokens: size } : { features: size }
      this.#groups[name] = group
      const edge = this.#add({ name, width: size, tokens, every: 'step', group })
      if (tokens)
        this.layer({ type: 'embedding', input: name, size: 3 + i }, edge, { width: 3 + i })
    }
  }

  /** One of the edges that are like this; undefined where none is. */
  pick(choice: number, like: Partial<Edge>): Edge | undefined {
    const fitting = this.#edges.filter((edge) =>
      Object.entries(like).every(([key, value]) => edge[key as keyof Edge] === value),
    )
    return fitting[choice % fitting.length]
  }

  /** Adds a layer whose rows are those of `rows`, but for the changes. */
  layer(options: LayerOptions, rows: Edge, changes: Partial<Edge> = {}): Edge {
    const name = `${options.type}${Object.keys(this.#layers).length}`
    this.#layers[name] = options
    for (const read of namesIn(options)) this.#unread.delete(read)
    return this.#add({ ...rows, tokens: false, ...changes, name })
  }

  finish(batchFirst: boolean): DrawnGraph {
    for (const name of this.#unread) {
      const edge = this.#edges.find((one) => one.name === name)!
      if (name in this.#inputs) addLinear(this, edge, 2)
    }
    const outputs = this.#edges
      .filter(({ name }) => this.#unread.has(name))
      .map((edge, i) => ({ ...edge, loss: LOSSES[i % LOSSES.length]! }))
    const description = {
      ...{ inputs: this.#inputs, layers: this.#shuffled(), batchFirst },
      outputs: Object.fromEntries(outputs.map(({ name, loss }) => [name, { loss }])),
    }
    return { description, groups: this.#groups, outputs }
  }

  /** Not in the order in which layers are computed. */
  #shuffled(): Record<string, LayerOptions> {
    const entries = Object.entries(this.#layers)
    return Object.fromEntries(
      entries.filter((_, i) => i % 2 === 1).concat(entries.filter((_, i) => i % 2 === 0).reverse()),
    )
  }

  #add(edge: Edge): Edge {
    this.#edges.push(edge)
    this.#unread.add(edge.name)
    return edge
  }
}

function namesIn(options: LayerOptions): readonly string[] {
  if ('query' in options) return [options.query, options.memory]
  if ('inputs' in options) return options.inputs
  const start = 'initialState' in options ? options.initialState : undefined
  return start === undefined ? [options.input] : [options.input, start]
}

const VALUES = { tokens: false } as const
const SEQUENCE = { tokens: false, every: 'step' } as const
const LOSSES = [
  'crossEntropy',
  'meanSquaredError',
  { kind: 'meanAbsoluteError', ignoreMissing: true },
] as const
const ACTIVATIONS = ['none', 'relu', 'tanh', 'sigmoid'] as const
const SMALLEST_NORM = 8

type MakeMove = (drawer: GraphDrawer, move: Move) => void

/** Of each type of layer how a move adds one. There is always a sequence of values to read. */
const MOVES: Readonly<Record<LayerOptions['type'], MakeMove>> = {
  embedding: (drawer, { picks, size }) => {
    const from = drawer.pick(picks[0], { tokens: true })
    if (from) drawer.layer({ type: 'embedding', input: from.name, size }, from, { width: size })
  },
  gru: (drawer, move) => {
    const { choice, flags } = move
    const variant = {
      resetAfter: choice % 3 > 0,
      updateGate: flags[2] ? 'retain' : 'replace',
    } as const
    addRecurrent(drawer, move, (stack) => ({ type: 'gru', ...stack, ...variant }))
  },
  lstm: (drawer, move) => {
    addRecurrent(drawer, move, (stack) => ({ type: 'lstm', ...stack }))
  },
  linear: (drawer, { picks, size, choice }) => {
    const from = drawer.pick(picks[0], VALUES)!
    const activation = ACTIVATIONS[choice % ACTIVATIONS.length]!
    drawer.layer({ type: 'linear', input: from.name, size, activation }, from, { width: size })
  },
  dropout: (drawer, { picks }) => {
    const from = drawer.pick(picks[0], VALUES)!
    drawer.layer({ type: 'dropout', input: from.name, probability: 0.3 }, from)
  },
  // A few values may happen to be nearly equal, and a norm then enlarges their rounding: it reads a layer that spreads them.
  layerNorm: (drawer, { picks, size }) => {
    const from = drawer.pick(picks[0], VALUES)!
    const spread = addLinear(drawer, from, SMALLEST_NORM + size)
    drawer.layer({ type: 'layerNorm', input: spread.name }, spread)
  },
  concat: (drawer, { picks, flags }) => {
    const first = drawer.pick(picks[0], VALUES)!
    const like = { ...VALUES, every: first.every, group: first.group }
    const rest = picks.slice(flags[0] ? 1 : 2).map((choice) => drawer.pick(choice, like)!)
    const all = [first, ...rest]
    const width = all.reduce((sum, edge) => sum + edge.width, 0)
    drawer.layer({ type: 'concat', inputs: all.map(({ name }) => name) }, first, { width })
  },
  add: (drawer, { picks, flags }) => {
    const first = drawer.pick(picks[0], VALUES)!
    const like = { ...VALUES, every: first.every, group: first.group }
    const other = drawer.pick(picks[1], like)!
    const second = other.width === first.width ? other : addLinear(drawer, other, first.width)
    const third = flags[0] ? [drawer.pick(picks[2], { ...like, width: first.width })!] : []
    const inputs = [first, second, ...third].map(({ name }) => name)
    drawer.layer({ type: 'add', inputs }, first)
  },
  select: (drawer, { picks, flags }) => {
    const from = drawer.pick(picks[0], SEQUENCE)!
    const step = flags[0] ? 'last' : 'mean'
    drawer.layer({ type: 'select', input: from.name, step }, from, { every: 'last' })
  },
  attention: (drawer, { picks, flags, size }) => {
    const query = drawer.pick(picks[0], VALUES)!
    const memory = drawer.pick(picks[1], SEQUENCE)!
    const read = { type: 'attention', query: query.name, memory: memory.name } as const
    drawer.layer(flags[0] ? { ...read, score: 'additive', size } : read, query, {
      width: memory.width,
    })
  },
}

function addLinear(drawer: GraphDrawer, from: Edge, size: number): Edge {
  return drawer.layer({ type: 'linear', input: from.name, size }, from, { width: size })
}

/** A recurrent layer; it begins at the rows of another layer where there is one and a flag says so. */
function addRecurrent(
  drawer: GraphDrawer,
  { picks, size, flags, choice }: Move,
  make: (stack: {
    readonly input: string
    readonly initialState?: string
    readonly hiddenSize: number
    readonly numLayers: number
    readonly dropout: number
    readonly bidirectional: boolean
    readonly bias: boolean
  }) => LayerOptions,
): void {
  const from = drawer.pick(picks[0], SEQUENCE)!
  const rows = flags[0] ? drawer.pick(picks[1], { ...VALUES, every: 'last' }) : undefined
  const numLayers = 1 + (choice % 2)
  const bidirectional = flags[1]
  const width = (bidirectional ? 2 : 1) * size
  const start = rows && addLinear(drawer, rows, numLayers * width)
  const stack = {
    ...{ input: from.name, hiddenSize: size, numLayers, bidirectional, bias: choice % 5 > 0 },
    dropout: numLayers > 1 && flags[2] ? 0.3 : 0,
    ...(start && { initialState: start.name }),
  }
  drawer.layer(make(stack), from, { width })
}
