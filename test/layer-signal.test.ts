import { runtime, setThreads } from '../lib'
import { cells } from './support/cells'
import { expectGruRejection } from './support/errors'
import { input } from './support/gru'

const before = runtime().threads
afterEach(() => {
  setThreads(before)
})

describe.each(cells)('$name', ({ make }) => {
  describe('a signal', () => {
    test('that is aborted already stops everything, with its reason', async () => {
      const layer = make()
      const reason = new Error('stop')
      const output = new Float32Array(40).fill(3)
      const call = { batch: 2, output, signal: AbortSignal.abort(reason) }
      await expect(layer.forward(input, call)).rejects.toBe(reason)
      await expect(layer.forwardTraining(input, call)).rejects.toBe(reason)
      const pass = layer.forwardTrainingSync(input, { batch: 2 })
      await expect(pass.backward({}, { signal: call.signal })).rejects.toBe(reason)
      expect(output).toEqual(new Float32Array(40).fill(3))
      // No job was started, so the pass can still be used.
      expect(pass.backwardSync({}).input).toHaveLength(30)
    })

    test('that is aborted meanwhile stops the call', async () => {
      const layer = make({ hiddenSize: 128 })
      const long = new Float32Array(3 * 400_000)
      const controller = new AbortController()
      const promise = layer.forward(long, { signal: controller.signal })
      setTimeout(() => {
        controller.abort('enough')
      }, 1)
      await expect(promise).rejects.toBe('enough')
      expect((await layer.forward(input, { batch: 2 })).state).toHaveLength(2 * 128)
    })

    test('ends calls at once that wait for their turn', async () => {
      setThreads(1) // With more, a second call does not wait.
      const layer = make({ hiddenSize: 128 })
      const long = new Float32Array(3 * 50_000)
      const controller = new AbortController()
      const { signal } = controller
      const settled: string[] = []
      const note = (name: string) => (): void => {
        settled.push(name)
      }
      const first = layer.forward(long).then(note('first'))
      const waiting = [1, 2, 3].map(() => layer.forward(long, { signal }))
      const rejections = waiting.map((call) => expect(call).rejects.toBe('enough'))
      const last = layer.forward(input, { batch: 2 }).then(note('last'))
      controller.abort('enough')
      await Promise.all(rejections)
      note('aborted')()
      await Promise.all([first, last])
      expect(settled).toEqual(['aborted', 'first', 'last'])
    })

    test('that is not aborted changes nothing, and keeps no listener', async () => {
      const layer = make()
      const { signal } = new AbortController()
      const listeners = new Set<unknown>()
      const add = signal.addEventListener.bind(signal)
      const remove = signal.removeEventListener.bind(signal)
      signal.addEventListener = (type: string, listener: () => void) => {
        listeners.add(listener)
        add(type, listener)
      }
      signal.removeEventListener = (type: string, listener: () => void) => {
        listeners.delete(listener)
        remove(type, listener)
      }
      expect(await layer.forward(input, { batch: 2, signal })).toEqual(
        layer.forwardSync(input, { batch: 2 }),
      )
      expect(listeners.size).toBe(0)
    })

    test('must be one', async () => {
      const call = { batch: 2, signal: {} as AbortSignal }
      const message = 'signal: expected an AbortSignal, got an object'
      await expectGruRejection(make().forward(input, call), 'ERR_GRU_TYPE', message)
    })
  })
})
