// Trains the small network of the page "In your browser" that goes on with a text: on the words of the guides, letter by
// letter.
//
//   node site/demo/train-text.mjs FILE
//
// FILE receives the model, with the letters that it knows in its metadata.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import library from '../../dist/index.js'

const { Dataset, SequenceModel, Trainer } = library
const ROOT = path.join(import.meta.dirname, '..', '..')
const PART = 128
const EPOCHS = 24
/** Rarer letters are left out. */
const RAREST = 40

const filesIn = (folder, extension) =>
  readdirSync(path.join(ROOT, folder), { recursive: true })
    .filter((name) => name.endsWith(extension) && !name.startsWith('api'))
    .sort()
    .map((name) => readFileSync(path.join(ROOT, folder, name), 'utf8'))

/** The paragraphs of a page, without code. */
const paragraphsOf = (markdown) =>
  markdown.replaceAll(/^```[^]*?^```$|<!--[^]*?-->|\$\$[^]*?\$\$/gm, '').split(/\n\s*\n|^[-*] /m)

/** The paragraphs of the comments of a source for its readers, without tags. */
const commentsOf = (source) =>
  [...source.matchAll(/\/\*\*([^]*?)\*\//g)].flatMap(([, comment]) =>
    comment.replaceAll(/^ *\* ?/gm, '').split(/\n\s*\n|^@\w+( \w+ -)?|^- /m),
  )

/** Sentences alone, in one line, without addresses and signs of Markdown. */
function plain(paragraph) {
  const text = paragraph
    .replaceAll(/\[([^\]]*)\]\([^)]*\)|\{@link (\S+)\}/g, '$1$2')
    .replaceAll(/[`*_]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return /^[A-Z].{20,}[.:]$/.test(text) && !/[|<>${}=]/.test(text) ? [text] : []
}

function corpus() {
  const pages = [...filesIn('docs', '.md'), readFileSync(path.join(ROOT, 'README.md'), 'utf8')]
  const sources = filesIn('lib', '.ts')
  return [...pages.flatMap(paragraphsOf), ...sources.flatMap(commentsOf)]
    .flatMap((paragraph) => plain(paragraph ?? ''))
    .join('\n')
}

function lettersOf(text) {
  const counts = new Map()
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  return [...counts]
    .filter(([, count]) => count >= RAREST)
    .map(([letter]) => letter)
    .sort()
}

async function train(text, letters) {
  const numbers = new Map(letters.map((letter, number) => [letter, number]))
  const tokens = Int32Array.from([...text].flatMap((letter) => numbers.get(letter) ?? []))
  const part = (from) => ({
    input: tokens.subarray(from, from + PART),
    target: tokens.subarray(from + 1, from + PART + 1),
  })
  const parts = Array.from({ length: Math.floor((tokens.length - 1) / PART) }, (_, i) =>
    part(PART * i),
  )
  const model = new SequenceModel({
    input: { tokens: letters.length, embeddingSize: 24 },
    gru: { hiddenSize: 128 },
    output: { size: letters.length, loss: 'crossEntropy' },
    seed: 1,
  })
  const trainer = new Trainer(model, {
    optimizer: { kind: 'adam', learningRate: 0.004 },
    clipNorm: 1,
  })
  const updates = EPOCHS * Math.ceil(parts.length / 32)
  const schedule = { kind: 'cosine', period: updates, warmup: { steps: 50 } }
  for await (const { epoch, epochEnd, meanLoss } of trainer.fit(new Dataset(parts), {
    ...{ epochs: EPOCHS, batchSize: 32, seed: 2, schedule },
  })) {
    if (epochEnd && epoch % 5 === 0)
      console.log(
        `the demonstration's text: epoch ${epoch} of ${EPOCHS}, loss ${meanLoss.toFixed(2)}`,
      )
  }
  return model
}

const text = corpus()
const letters = lettersOf(text)
const model = await train(text, letters)
const metadata = { letters: letters.join('') }
writeFileSync(process.argv[2], await model.toBytes({ metadata }))
