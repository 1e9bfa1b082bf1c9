/**
 * Runs the code of README.md, of the pages of docs/ and of the comments of lib/ as its readers do, against the built
 * package.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import * as ts from 'typescript'
import { SequenceModel, type SequenceModelOptions } from '../lib'
import {
  blocksOf,
  commandsOf,
  examplesOfLib,
  installInto,
  type Outcome,
  pages,
  type Program,
  programsOf,
  ROOT,
  runPrograms,
  transcriptsOf,
} from './support/guides'
import { evaluate } from './support/release-script'
import { temporaryFolder } from './support/temporary-folder'

const temporary = temporaryFolder()
const PAGES = pages()
const programs = [...PAGES.flatMap(programsOf), ...examplesOfLib()]
const outcomes = new Map<string, Outcome>()

beforeAll(() => {
  const results = runPrograms(programs, temporary('programs'))
  programs.forEach(({ place }, index) => outcomes.set(place, results[index]!))
})

/** What a program of a page prints, the first one or that with a text in it. */
function outputOf(page: string, text = ''): string {
  const program = programsOf(page).find(({ code }) => code.includes(text))!
  return outcomes.get(program.place)!.output
}

/** The code of a page's blocks. */
const codesOf = (page: string): string[] => blocksOf(page).map(({ code }) => code)

/** The losses of the lines that begin with `step` and a number. */
function lossesIn(output: string, step = 'epoch'): number[] {
  const lines = output.matchAll(new RegExp(`^${step} \\d+: (?:validation )?loss ([\\d.]+)`, 'gm'))
  return [...lines].map(([, loss]) => Number(loss))
}

const lastLine = (output: string): string => output.trimEnd().split('\n').at(-1)!

test.each(programs.map(({ place }) => place))('the program at %s runs', (place) => {
  expect(outcomes.get(place)!.error).toBeUndefined()
})

const printing = programs.filter(({ printed }) => printed !== undefined)
test.each(printing)('the program at $place prints what the page shows', ({ place, printed }) => {
  expect(outcomes.get(place)!.output.endsWith(printed!)).toBe(true)
})

describe('blocks that are no programs', () => {
  const blocks = PAGES.flatMap(blocksOf)

  test('are of the kinds that are tested here', () => {
    const languages = ['js', 'ts', 'sh', 'text', 'python', 'html', '']
    expect(blocks.filter(({ language }) => !languages.includes(language))).toEqual([])
    const plain = blocks.filter(({ language }) => language === '')
    // Each has a test of its own below, but the answer of the example service, which test/service/ checks.
    expect(plain.map(({ place }) => place.split(':')[0])).toEqual([
      'docs/model.md',
      'docs/model.md',
      'docs/serving.md',
      'docs/training.md',
    ])
  })

  const others = blocks.filter(({ title }) => title !== undefined)
  test.each(others)('$place, for another program, has no fault of syntax', ({ code }) => {
    const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
    const { diagnostics } = ts.transpileModule(code, {
      compilerOptions: options,
      reportDiagnostics: true,
    })
    expect(diagnostics).toEqual([])
  })

  test('the options that docs/import.md writes in Python are those of the file of such a model', async () => {
    const python = blocks.find(({ code }) => code.includes('save_file('))!.code
    const dictionary = /^options = (\{[^]*?^\})/m.exec(python)![1]!
    const options = JSON.parse(dictionary.replaceAll(/,(?=\s*\})/g, '')) as SequenceModelOptions & {
      version?: number
    }
    const { version, ...given } = options
    const bytes = await new SequenceModel(given).toBytes()
    const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
    const header = JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString()) as {
      __metadata__: Record<string, string>
    }
    const { __metadata__: metadata, ...tensors } = header
    const saved = JSON.parse(metadata['gru-native']!) as { readonly version: number }
    expect(saved).toMatchObject(given)
    expect(saved.version).toBe(version)
    const modules = [...python.matchAll(/self\.(\w+) = torch/g)].map(([, name]) => name)
    expect(new Set(Object.keys(tensors).map((name) => name.split('.')[0]))).toEqual(
      new Set(modules),
    )
  })
})

test('the import map of docs/browser.md names modules of the packages', () => {
  const page = PAGES.flatMap(blocksOf).find(({ language }) => language === 'html')!.code
  const { imports } = JSON.parse(/<script type="importmap">([^]*?)<\/script>/.exec(page)![1]!) as {
    imports: Record<string, string>
  }
  const { exports } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, { browser: { import: { default: string } } }>
  }
  const folder = './node_modules'
  expect(imports).toEqual({
    'gru-native': `${folder}/gru-native/${exports['.']!.browser.import.default.replace('./', '')}`,
    // scripts/release/wasm.mjs writes it.
    '@gru-native/wasm32': `${folder}/@gru-native/wasm32/web.mjs`,
  })
})

describe('commands', () => {
  const { name, scripts, peerDependencies } = JSON.parse(
    readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
  ) as { name: string; scripts: object; peerDependencies: object }
  const commands = [...new Set(PAGES.flatMap(commandsOf))]
  const isGru = (command: string): boolean => /^(npx )?gru /.test(command)
  /** A package that the release makes. */
  const CUDA = evaluate('cuda.mjs', '`@gru-native/${it.CUDA}`')
  const folder = temporary('commands')

  /** What `gru` prints with these arguments. */
  function gru(command: string): string {
    const shell = command.replace(/^(npx )?gru/, `"${process.execPath}" "${ROOT}/dist/cli/main.js"`)
    return execFileSync('sh', ['-c', shell], { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
  }

  beforeAll(() => {
    mkdirSync(folder)
    const data = path.join(ROOT, 'node_modules', 'vega-datasets', 'data', 'seattle-weather.csv')
    symlinkSync(data, path.join(folder, 'seattle-weather.csv'))
    const rows = Array.from({ length: 150 }, (_, row) => {
      const day = new Date(Date.UTC(2026, 0, 1 + row)).toISOString().slice(0, 10)
      return `${day},${20 + (row % 7) + (row % 5)}`
    })
    writeFileSync(path.join(folder, 'sales.csv'), `day,units\n${rows.join('\n')}\n`)
  })

  /** Whether a command of another program can be what it says. */
  function isThere(command: string): boolean {
    const [program, first, ...rest] = command.replace(/^(\w+=\S+ )+/, '').split(' ')
    if (program === 'node') return existsSync(path.join(ROOT, first!))
    if (program === 'npm' && first === 'run') return rest[0]! in scripts
    if (program === 'npm' && first === 'install')
      return rest.every((one) => [name, CUDA].includes(one) || one in peerDependencies)
    if (program === 'npm') return first! in scripts
    // Of bundlers and of the example service: test/hosts/ and test/service/ do the same.
    return ['cp', 'curl', 'ncc'].includes(program!)
  }

  test('of scripts and packages name those that there are', () => {
    const others = commands.filter((command) => !isGru(command))
    expect(others.filter((command) => !isThere(command))).toEqual([])
  })

  test('of gru run, one after another', () => {
    const lines = new Set(commands.filter(isGru).map((command) => command.replace('npx ', '')))
    expect(lines.size).toBeGreaterThan(4)
    for (const command of lines) expect(gru(command)).not.toBe('')
  })

  const transcripts = PAGES.flatMap(transcriptsOf).filter(({ command }) => isGru(command))
  /** Without figures, which differ between instruction sets, and the breaks of lines. */
  const form = (text: string): string => text.replaceAll(/-?[\d.]*\d/g, '#').replaceAll(/\s+/g, ' ')

  test('docs/forecasting.md shows the output of three', () => {
    expect(transcripts).toHaveLength(3)
  })

  test.each(transcripts)('$command prints what the page shows', ({ command, parts }) => {
    const output = form(gru(command).replaceAll(`${folder}/`, ''))
    expect(parts.filter((part) => !output.includes(form(part).trim()))).toEqual([])
  })
})

test('docs/speed.svg is drawn from the tables of docs/performance.md', () => {
  const { status } = spawnSync(process.execPath, [`${ROOT}/scripts/speed-chart.mjs`, '--check'])
  expect(status).toBe(0)
})

test.each([
  ['README.md', 10],
  ['docs/start.md', 100],
  ['docs/text.md', 1],
  ['docs/classify.md', 10],
  ['docs/speech.md', 4],
  ['docs/translate.md', 2],
])('the network of %s learns', (page, factor) => {
  const losses = lossesIn(outputOf(page))
  expect(losses.length).toBeGreaterThan(1)
  expect(losses.at(-1)! * factor).toBeLessThan(losses[0]!)
})

test('docs/start.md forecasts the wave, and the same by the file and by the session', () => {
  const [line, ...rest] = outputOf('docs/start.md').trimEnd().split('\n').slice(-3)
  const [, forecast, truth] = /^forecast (\S+), truth (\S+)$/.exec(line!)!
  expect(Number(truth)).toBeCloseTo(Math.sin(470 / 5), 2)
  expect(Math.abs(Number(forecast) - Number(truth))).toBeLessThan(0.05)
  expect(rest).toEqual(['true', 'true'])
})

test('docs/text.md writes in the words of its text', () => {
  const written = lastLine(outputOf('docs/text.md'))
  // The output of a program has no space at its end, which may be the last letter.
  expect([99, 100]).toContain(written.length)
  const words = written.replaceAll('.', '').split(' ').slice(0, -1)
  const known = new Set(['the', 'cat', 'dog', 'sat', 'on', 'mat', 'log', 'and'])
  // A letter is drawn, so now and then one is wrong.
  expect(words.filter((word) => known.has(word)).length).toBeGreaterThan(words.length / 2)
})

test('docs/classify.md tells the kinds of two sequences', () => {
  expect(outputOf('docs/classify.md').trimEnd().split('\n').slice(-2)).toEqual(['rises', 'swings'])
})

test('docs/translate.md finds the words that the page shows', () => {
  const shown = /The last line is `(.*)`/.exec(readFileSync(`${ROOT}/docs/translate.md`, 'utf8'))
  expect(lastLine(outputOf('docs/translate.md'))).toBe(shown![1])
})

test('the example of docs/model.md trains, saves and loads, and prints the table that the guide shows', () => {
  const [, table] = codesOf('docs/model.md')
  const output = outputOf('docs/model.md')
  expect(output.startsWith(table!)).toBe(true)
  const losses = lossesIn(output)
  expect(losses).toHaveLength(10)
  expect(losses[9]).toBeLessThan(losses[0]!)
  expect(output.trimEnd().split('\n').slice(-2)).toEqual([
    '3 logits of the week, 7 days of two values',
    '1385 parameters',
  ])
})

test('the encoder and decoder of docs/model.md learn their task', () => {
  const output = outputOf('docs/model.md', 'function translate')
  const losses = lossesIn(output)
  expect(losses).toHaveLength(10)
  expect(losses[9]).toBeLessThan(losses[0]! / 10)
  expect(lastLine(output)).toBe('5 1 4 1 3')
})

test('the example of labels in docs/model.md tells the sequence that has too few steps', () => {
  expect(outputOf('docs/model.md', "'ctc'")).toMatch(/^\d+\.\d+ \[ 1 \]\n$/)
})

test('the example of docs/own-losses.md makes its loss small', () => {
  const losses = lossesIn(outputOf('docs/own-losses.md'), 'update')
  expect(losses).toHaveLength(3)
  expect(losses[2]).toBeLessThan(losses[0]! / 2)
})

test('the example of docs/forecasting.md beats every baseline, and forecasts from a file', () => {
  expect(outputOf('docs/forecasting.md')).toBe('true\ntrue\n2026-07-20 true\n')
})

test('the example of docs/training.md stops early, and writes the table whose head the guide shows', () => {
  const output = outputOf('docs/training.md')
  const losses = lossesIn(output)
  // What is left is the second letter, which nothing tells: log 5 of 6 letters, or about a sixth of the first loss.
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 4)
  expect(losses.length).toBeLessThan(40)
  const [, head] = codesOf('docs/training.md')
  const [told, shown] = output.trimEnd().split('\n').slice(-2)
  expect(told).toMatch(/^no better after epoch \d+$/)
  expect(`${shown!}\n`).toBe(head)
})

test('the schedule of docs/training.md goes on in the second call', () => {
  const rates = [0, 1].map((update) => (0.001 * (1 + Math.cos((Math.PI * update) / 1000))) / 2)
  const printed = outputOf('docs/training.md', 'new Schedule').trim().split('\n')
  expect(printed).toEqual(rates.map((rate) => rate.toFixed(9)))
})

test('the chunks and the metric of docs/training.md are what it says', () => {
  const chunks = outputOf('docs/training.md', 'chunkSteps').trim().split('\n')
  expect(chunks).toHaveLength(5 * 3)
  expect(chunks[2]).toMatch(/^batch 1 of 1, chunk 3 of 3: mean loss 1\.\d+$/)
  // The model always says 4, and the targets are 3 and 9.
  expect(outputOf('docs/training.md', 'largestError')).toBe('5.000\n')
})

/** The lines that tell translations of a source: the source's number and the tokens. */
function translationsIn(output: string): { source: string; tokens: string }[] {
  const lines = output.matchAll(
    /^source (\d+): ([\d ]+), log probability -\d+\.\d+, score -\d+\.\d+$/gm,
  )
  return [...lines].map(([, source, tokens]) => ({ source: source!, tokens: tokens! }))
}

test('the example of Seq2Seq in docs/model.md learns, and finds the translations that the guide shows', () => {
  const output = outputOf('docs/model.md', 'new Seq2Seq')
  const losses = lossesIn(output)
  expect(losses).toHaveLength(3)
  expect(losses[2]).toBeLessThan(losses[0]! / 10)
  const found = translationsIn(output)
  expect(found.map(({ source }) => source)).toEqual(['0', '0', '1', '1'])
  const shown = translationsIn(
    codesOf('docs/model.md').find((block) => block.startsWith('source 0:'))!,
  )
  const best = [shown[0], shown[2]]
  expect([found[0], found[2]]).toEqual(best)
  expect(best.map((translation) => translation!.tokens)).toEqual(['8 5 2 1', '6 3 1'])
})

test('the example of parameters and files in docs/model.md has the new bias in the later prediction', () => {
  const [made, difference] = outputOf('docs/model.md', 'toBytes').trim().split(' ')
  expect(made).toBe('today')
  // The initial bias is between -1/4 and 1/4.
  expect(Number(difference)).toBeGreaterThan(0.75)
  expect(Number(difference)).toBeLessThan(1.25)
})

test('the examples of docs/serving.md stream, fork, move their state, batch, and tell their memory', () => {
  expect(outputOf('docs/serving.md')).toBe('1\ntrue\n3\ntrue\n')
  expect(outputOf('docs/serving.md', 'subscribe')).toBe('predict 3\nstep 2\ntrue\n')
  expect(outputOf('docs/serving.md', '.memory()')).toBe('true true\ntrue\n0\n')
})

test('the script of docs/training.md that goes on after it was killed comes to the same bits', () => {
  const script = programsOf('docs/training.md').find(({ code }) => code.includes('Trainer.latest'))!
  const folderWith = (name: string, { code }: Program): string => {
    const folder = temporary(name)
    installInto(folder)
    writeFileSync(path.join(folder, 'example.mjs'), code)
    return folder
  }
  const outputIn = (folder: string): string =>
    execFileSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8' })

  const whole = folderWith('whole', script)
  const expected = outputIn(whole)
  expect(lossesIn(expected)).toHaveLength(20)
  const loop = /for await .* of training\) \{\n/
  const dying = script.code.replace(
    loop,
    "$&if (epoch === 8) process.kill(process.pid, 'SIGKILL')\n",
  )
  const killed = folderWith('killed', { ...script, code: dying })
  expect(spawnSync(process.execPath, ['example.mjs'], { cwd: killed }).signal).toBe('SIGKILL')
  writeFileSync(path.join(killed, 'example.mjs'), script.code)
  const rest = outputIn(killed)
  expect(rest).toMatch(/^epoch [78]:/)
  expect(expected.endsWith(rest)).toBe(true)
  const [one, other] = [whole, killed].map((folder) =>
    readFileSync(path.join(folder, 'sums.safetensors')),
  )
  expect(other).toEqual(one)
  expect(outputIn(killed)).toBe('')
})
