// Type, and a small network goes on writing, letter by letter.
import { SequenceModel } from 'gru-native'
import modelBytes from 'demo:text'
import { prefersStillness, shown } from './motion.mjs'

const LETTERS_A_FRAME = 3
/** It stops after a sentence, or after a word where a sentence does not end. */
const [SHORTEST, LONGEST] = [140, 300]
/** After so many milliseconds without a key. */
const PAUSE = 250

/** Draws a letter. A low temperature prefers the likeliest ones. */
function draw(logits, temperature) {
  const largest = Math.max(...logits)
  const weights = Array.from(logits, (logit) => Math.exp((logit - largest) / temperature))
  let rest = Math.random() * weights.reduce((sum, weight) => sum + weight)
  return Math.max(
    weights.findIndex((weight) => (rest -= weight) < 0),
    0,
  )
}

/** Reads a text, and gives the letters that follow it, one after another. */
function* continuation(model, text, temperature) {
  const letters = [...model.metadata.letters]
  const session = model.session()
  const logits = new Float32Array(letters.length)
  const read = (letter) => session.stepSync(Int32Array.of(letters.indexOf(letter)), logits)
  try {
    for (const letter of `\n${text}`) if (letters.includes(letter)) read(letter)
    for (let count = 1; ; count++) {
      const letter = letters[draw(logits, temperature)]
      // The end of a paragraph, after which another one begins.
      yield letter === '\n' ? ' ' : letter
      if (count > SHORTEST && '.:\n'.includes(letter)) return
      if (count > LONGEST && letter === ' ') return yield '...'
      read(letter)
    }
  } finally {
    session.dispose()
  }
}

/** @param element - of the component TryText */
export async function startText(element) {
  const model = await SequenceModel.load(modelBytes)
  const find = (name) => element.querySelector(`[name=${name}]`)
  const [typed, temperature, again] = [find('typed'), find('temperature'), find('again')]
  const [before, after] = element.querySelectorAll('output span')
  const output = element.querySelector('output')
  const status = element.querySelector('[role=status]')
  let latest = 0

  async function write() {
    const own = ++latest
    before.textContent = typed.value
    after.textContent = ''
    output.ariaBusy = 'true'
    const letters = continuation(model, typed.value, Number(temperature.value))
    let [milliseconds, count] = [0, 0]
    const next = () => {
      const begin = performance.now()
      const { value, done } = letters.next()
      milliseconds += performance.now() - begin
      if (!done) {
        after.textContent += value
        count++
      }
      return !done
    }
    while (own === latest && next()) {
      if (!prefersStillness() && count % LETTERS_A_FRAME === 0) await shown()
    }
    letters.return()
    if (own !== latest) return
    output.ariaBusy = 'false'
    const each = (milliseconds / Math.max(count, 1)).toFixed(2)
    status.textContent = `${count} letters by a network of ${model.parameterCount.toLocaleString('en')} parameters, ${each} ms each.`
  }

  function writeAgain() {
    write().catch((error) => {
      output.ariaBusy = 'false'
      status.textContent = `The network failed: ${error.message}`
    })
  }

  let timer
  typed.addEventListener('input', () => {
    latest++
    after.textContent = ''
    before.textContent = typed.value
    clearTimeout(timer)
    timer = setTimeout(writeAgain, PAUSE)
  })
  temperature.addEventListener('change', writeAgain)
  again.addEventListener('click', writeAgain)
  for (const control of [typed, temperature, again]) control.disabled = false
  await write()
}
