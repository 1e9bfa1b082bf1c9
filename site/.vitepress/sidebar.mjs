import { readdirSync } from 'node:fs'
import path from 'node:path'

const API = path.join(import.meta.dirname, '..', '..', 'docs', 'api')

const page = ([text, link]) => ({ text, link })
const group = (text, pages) => ({ text, items: pages.map(page) })

/** The pages of a kind of the API's symbols. */
function symbols(text, folder) {
  const names = readdirSync(path.join(API, folder)).map((file) => path.parse(file).name)
  return group(
    text,
    names.sort().map((name) => [name, `/api/${folder}/${name}`]),
  )
}

const pages = [
  group('Start', [
    ['In five minutes', '/start'],
    ['In your browser', '/try'],
    ['Concepts', '/concepts'],
    ['Platforms', '/platforms'],
  ]),
  group('Guides', [
    ['Forecast a table', '/forecasting'],
    ['Generate text', '/text'],
    ['Classify sequences', '/classify'],
    ['Recognise speech', '/speech'],
    ['Translate', '/translate'],
    ['Serve a model', '/serving'],
    ['In browsers and edge runtimes', '/browser'],
    ['Several processes and machines', '/processes'],
    ['Import a model', '/import'],
    ['Choose a precision', '/precision'],
    ['Use a GPU', '/cuda'],
  ]),
  group('Reference', [
    ['Layers', '/layers'],
    ['Models and trainers', '/sequence-models'],
    ['Models of your own', '/model'],
    ['Training jobs', '/training'],
    ['Losses of your own', '/own-losses'],
    ['The command', '/command'],
    ['Errors', '/errors'],
    ['Threads and environment', '/runtime'],
    ['Where the package runs', '/hosts'],
    ['What is exact', '/exactness'],
    ['What is stable', '/stability'],
    ['API', '/api/'],
  ]),
  group('Coming from', [
    ['TensorFlow.js', '/migrating/tfjs'],
    ['brain.js', '/migrating/brainjs'],
    ['onnxruntime-node', '/migrating/onnxruntime-node'],
    ['PyTorch', '/migrating/pytorch'],
  ]),
  group('Background', [
    ['The maths', '/maths'],
    ['Performance', '/performance'],
  ]),
]

const api = [
  group('API', [
    ['All symbols', '/api/'],
    ['The guides', '/start'],
  ]),
  symbols('Classes', 'classes'),
  symbols('Functions', 'functions'),
]

export const sidebar = { '/api/': api, '/': pages }
