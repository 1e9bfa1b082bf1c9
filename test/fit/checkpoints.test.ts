import * as fs from 'node:fs'
import * as path from 'node:path'
import { Trainer } from '../../lib'
import { startFit } from '../../lib/fit/loop'
import type { FitState } from '../../lib/fit/state'
import { expectGruError, expectGruRejection } from '../support/errors'
import { type FakeTrainer, fakeTrainer, marked } from '../support/fit'
import { temporaryFolder } from '../support/temporary-folder'
import { collect, data, make } from '../support/trainer'

const inFolder = temporaryFolder()

/** A trainer that computes nothing, whose checkpoints hold its updates and epochs. */
function savingTrainer(losses: Parameters<typeof fakeTrainer>[0] = {}): FakeTrainer {
  const fake = fakeTrainer(losses)
  const snapshot = ({ updates, epoch, epochEnd }: FitState) =>
    Promise.resolve((file: string) =>
      fs.promises.writeFile(file, `${updates} of epoch ${epoch}${epochEnd ? ', ended' : ''}`),
    )
  return { ...fake, jobs: { ...fake.jobs, snapshot } }
}

/** The checkpoints of a folder, with what they hold. */
const filesOf = (folder: string): Record<string, string> =>
  Object.fromEntries(
    fs.readdirSync(folder).map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]),
  )

const batches = [1, 2, 3].map(marked)
const numbered = (updates: number): string =>
  `checkpoint-${String(updates).padStart(8, '0')}.safetensors`

describe('checkpoints are written', () => {
  test('by default after each epoch, of which the newest one and the best one are kept', async () => {
    const folder = inFolder('default/inner')
    const { jobs } = savingTrainer({ validation: (_, updates) => Math.abs(updates - 6) })
    const fit = startFit(jobs, batches, {
      ...{ epochs: 3, validation: [marked(1)] },
      checkpoint: { path: folder },
    })
    const seen: (readonly string[])[] = []
    for await (const { epochEnd } of fit) if (!epochEnd) seen.push(fs.readdirSync(folder))
    expect(seen[0]).toEqual([])
    expect(filesOf(folder)).toEqual({
      'best.safetensors': '6 of epoch 2, ended',
      [numbered(9)]: '9 of epoch 3, ended',
    })
  })

  test.each([
    [{ updates: 2 }, [2, 4, 6, 8, 9]],
    [{ updates: 4 }, [4, 8, 9]],
    [{ updates: 100 }, [9]],
    [{ epochs: 1 }, [3, 6, 9]],
    [{ epochs: 2 }, [6, 9]],
  ])('after %p, and at the end', async (every, updates) => {
    const folder = inFolder(`every-${JSON.stringify(every)}`)
    const checkpoint = { path: folder, every, keep: 9 }
    const all = await collect(startFit(savingTrainer().jobs, batches, { epochs: 3, checkpoint }))
    expect(all).toHaveLength(9)
    const names = fs.readdirSync(folder).filter((name) => name.startsWith('checkpoint'))
    expect(names).toEqual(updates.map(numbered))
  })

  test('at the end that early stopping brings', async () => {
    const folder = inFolder('stopping')
    const checkpoint = { path: folder, every: { epochs: 4 } }
    const { jobs } = savingTrainer({ step: (update) => update })
    const all = await collect(startFit(jobs, batches, { epochs: 9, patience: 1, checkpoint }))
    expect(all.at(-1)).toMatchObject({ epoch: 2, stopped: true })
    expect(filesOf(folder)).toEqual({
      'best.safetensors': '3 of epoch 1, ended',
      [numbered(6)]: '6 of epoch 2, ended',
    })
  })

  test('and the newest are kept, whatever a training that began again before them left', async () => {
    const folder = inFolder('keep')
    const checkpoint = { path: folder, every: { updates: 1 }, keep: 2 }
    const { jobs } = savingTrainer()
    await collect(startFit(jobs, batches, { epochs: 2, checkpoint }))
    const kept = (): string[] =>
      fs.readdirSync(folder).filter((name) => name !== 'best.safetensors')
    expect(kept()).toEqual([5, 6].map(numbered))
    const again = savingTrainer()
    for await (const { update } of startFit(again.jobs, batches, { epochs: 2 })) {
      if (update === 2) break
    }
    const fit = startFit(again.jobs, batches, { epochs: 2, checkpoint, resume: true })
    await fit.next()
    await fit.next()
    await fit.return()
    expect(kept()).toEqual([3, 4].map(numbered))
  })
})

describe('a write', () => {
  /** Writes that end when they are told to. */
  function slowTrainer() {
    const fake = fakeTrainer()
    const writes: { file: string; end: (error?: Error) => void }[] = []
    const snapshots: number[] = []
    const jobs = {
      ...fake.jobs,
      snapshot: ({ updates }: FitState) => {
        snapshots.push(updates)
        return Promise.resolve(
          (file: string) =>
            new Promise<void>((resolve, reject) => {
              const end = (error?: Error): void => {
                if (error === undefined) resolve()
                else reject(error)
              }
              writes.push({ file: path.basename(file), end })
            }),
        )
      },
    }
    return { jobs, writes, snapshots, fake }
  }
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))
  const checkpointIn = (name: string) => ({ path: inFolder(name), every: { updates: 2 } })

  test('goes on beside the next updates; the next write waits, and so does the end', async () => {
    const { jobs, writes, snapshots } = slowTrainer()
    const many = [1, 2, 3, 4, 5].map(marked)
    const fit = startFit(jobs, many, { epochs: 1, checkpoint: checkpointIn('slow') })
    for (let update = 1; update <= 3; update++) await fit.next()
    expect(writes.map(({ file }) => file)).toEqual([numbered(2)])
    let isNext = false
    const fourth = fit.next().then(({ value }) => {
      isNext = true
      return value
    })
    await settle()
    expect([isNext, snapshots]).toEqual([false, [2]])
    writes[0]!.end()
    expect(await fourth).toMatchObject({ update: 4 })
    expect(snapshots).toEqual([2, 4])
    writes[1]!.end()
    expect((await fit.next()).value).toMatchObject({ update: 5 })
    let isOver = false
    const end = fit.next().then(({ done }) => (isOver = done === true))
    for (const index of [2, 3]) {
      await settle()
      expect(isOver).toBe(false)
      writes[index]!.end()
    }
    await end
    expect(isOver).toBe(true)
    expect(writes.slice(2).map(({ file }) => file)).toEqual(['best.safetensors', numbered(5)])
  })

  test('that fails ends the training with the next progress, and removes nothing', async () => {
    const { jobs, writes } = slowTrainer()
    const checkpoint = checkpointIn('failing')
    const fit = startFit(jobs, [1, 2, 3, 4, 5].map(marked), { epochs: 1, checkpoint })
    await fit.next()
    await fit.next()
    fs.writeFileSync(path.join(checkpoint.path, numbered(1)), 'old')
    const reason = new Error('no place')
    writes[0]!.end(reason)
    await settle()
    expect((await fit.next()).value).toMatchObject({ update: 3 })
    await expect(fit.next()).rejects.toBe(reason)
    expect(fs.readdirSync(checkpoint.path)).toEqual([numbered(1)])
  })

  test('that fails as the loop is left is told there', async () => {
    const { jobs, writes } = slowTrainer()
    const fit = startFit(jobs, batches, { epochs: 1, checkpoint: checkpointIn('left') })
    await fit.next()
    await fit.next()
    const left = fit.return()
    const reason = new Error('no place')
    writes[0]!.end(reason)
    await expect(left).rejects.toBe(reason)
  })
})

describe('the folder', () => {
  test('of another training is left alone', async () => {
    const folder = inFolder('other')
    const checkpoint = { path: folder }
    await collect(startFit(savingTrainer().jobs, batches, { epochs: 1, checkpoint }))
    const files = filesOf(folder)
    for (const resume of [false, true]) {
      const fake = savingTrainer()
      const fit = startFit(fake.jobs, batches, { epochs: 2, checkpoint, resume })
      const message = `checkpoint.path: expected a folder without checkpoints of another training (Trainer.load loads them), got "${numbered(3)}" in ${folder}`
      await expectGruRejection(fit.next(), 'ERR_GRU_VALUE', message)
      expect(fake.steps).toEqual([])
    }
    expect(filesOf(folder)).toEqual(files)
  })

  test('loses what a process left half written, and nothing else', async () => {
    const folder = inFolder('leftovers')
    fs.mkdirSync(folder)
    const leftover = '.gru-native-0123456789abcdef.tmp'
    const others = ['.gru-native-0123.tmp', 'gru-native.tmp', 'checkpoint-1.safetensors', 'note']
    for (const name of [leftover, ...others]) fs.writeFileSync(path.join(folder, name), '')
    const fit = startFit(savingTrainer().jobs, batches, { epochs: 1, checkpoint: { path: folder } })
    await collect(fit)
    const names = [...others, 'best.safetensors', numbered(3)]
    expect(fs.readdirSync(folder).sort()).toEqual(names.sort())
  })

  test('that cannot be made is refused before the first update', async () => {
    const file = inFolder('file')
    fs.writeFileSync(file, '')
    const fake = savingTrainer()
    for (const place of [file, path.join(file, 'inner')]) {
      const fit = startFit(fake.jobs, batches, { epochs: 1, checkpoint: { path: place } })
      await expectGruRejection(fit.next(), 'ERR_GRU_FORMAT', /file/)
    }
    expect(fake.steps).toEqual([])
  })

  test('gives its newest whole checkpoint, with a warning of those that are not', async () => {
    const folder = inFolder('damaged')
    const { trainer } = make()
    const checkpoint = { path: folder, every: { updates: 2 }, keep: 3 }
    await collect(trainer.fit(data, { epochs: 2, batchSize: 4, checkpoint }))
    expect(fs.readdirSync(folder)).toEqual(['best.safetensors', ...[2, 4, 6].map(numbered)])
    const cut = (updates: number): void => {
      fs.truncateSync(path.join(folder, numbered(updates)), 1000)
    }
    const updatesLeft = async (): Promise<number> => {
      using loaded = (await Trainer.load(folder)) as unknown as Trainer
      using model = loaded.model
      expect(model.parameterCount).toBeGreaterThan(0)
      return (await collect(loaded.fit(data, { epochs: 2, batchSize: 4, resume: true }))).length
    }
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    try {
      expect(await updatesLeft()).toBe(0)
      expect(warn).not.toHaveBeenCalled()
      cut(6)
      expect(await updatesLeft()).toBe(2)
      cut(4)
      expect(await updatesLeft()).toBe(4)
      const files = warn.mock.calls.map(([message, options]) => [
        /^\S*\/(\S+): .*; an older checkpoint is loaded$/.exec(message as string)?.[1],
        (options as unknown as { code: string }).code,
      ])
      const warned = [6, 6, 4].map((updates) => [numbered(updates), 'GRU_WARN_CHECKPOINT'])
      expect(files).toEqual(warned)
      cut(2)
      await expectGruRejection(Trainer.latest(folder), 'ERR_GRU_FORMAT', /00000002\.safetensors: /)
    } finally {
      warn.mockRestore()
    }
  })

  test('without checkpoints is none for load, and undefined for latest', async () => {
    const folder = inFolder('empty')
    expect(await Trainer.latest(folder)).toBeUndefined()
    fs.mkdirSync(folder)
    expect(await Trainer.latest(folder)).toBeUndefined()
    const message = `${folder}: expected the file of a trainer, or a folder of checkpoints, got a folder without any`
    await expectGruRejection(Trainer.load(folder), 'ERR_GRU_FORMAT', message)
    fs.writeFileSync(path.join(folder, 'file'), '')
    await expectGruRejection(Trainer.latest(path.join(folder, 'file')), 'ERR_GRU_FORMAT', /file: /)
    await expectGruRejection(Trainer.latest(7 as never), 'ERR_GRU_TYPE', /^folder: /)
  })
})

test.each<[unknown, string]>([
  ['folder', 'checkpoint: expected a plain object, got "folder"'],
  [{}, 'checkpoint.path: expected the path of a file, got undefined'],
  [{ path: 'a', keep: 0 }, 'checkpoint.keep: expected an integer from 1 to 2147483647, got 0'],
  [{ path: 'a', every: {} }, 'checkpoint.every: expected either updates or epochs, got neither'],
  [
    { path: 'a', every: { updates: 1, epochs: 1 } },
    'checkpoint.every: expected either updates or epochs, got both',
  ],
  [
    { path: 'a', every: { updates: 0 } },
    'checkpoint.every.updates: expected an integer from 1 to 2147483647, got 0',
  ],
  [
    { path: 'a', every: { epochs: '1' } },
    'checkpoint.every.epochs: expected an integer from 1 to 2147483647, got "1"',
  ],
  [
    { path: 'a', often: 1 },
    'checkpoint: expected only the keys path, every, keep, got the key "often"',
  ],
])('checkpoint: %p is refused at once', (checkpoint, message) => {
  const code = /plain|undefined|"1"/.test(message) ? 'ERR_GRU_TYPE' : 'ERR_GRU_VALUE'
  const start = () => startFit(fakeTrainer().jobs, batches, { epochs: 1, checkpoint })
  expectGruError(start, code, message)
})

test('resume is true or false', () => {
  const start = () => startFit(fakeTrainer().jobs, batches, { epochs: 1, resume: 1 })
  expectGruError(start, 'ERR_GRU_TYPE', 'resume: expected true or false, got 1')
})
