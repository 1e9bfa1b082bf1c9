import { consumerProject } from '../support/consumer-project'
import { temporaryFolder } from '../support/temporary-folder'

const project = consumerProject(temporaryFolder()('project'))

test('import and require give the same classes in one process', async () => {
  project.write(
    'program.mjs',
    `
    import { createRequire } from 'node:module'
    import * as imported from 'gru-native'
    import whole, { GruError, Model, SequenceModel, Trainer } from 'gru-native'
    const required = createRequire(import.meta.url)('gru-native')
    const names = Object.keys(required)
    const model = new SequenceModel({
      input: { features: 1 },
      gru: { hiddenSize: 2 },
      output: { size: 1, loss: 'meanSquaredError' },
    })
    const trainer = new required.Trainer(model, { optimizer: { kind: 'sgd' } })
    const batch = { input: new Float32Array(3), target: new Float32Array(3) }
    let refusal
    try { required.setThreads('many') } catch (error) { refusal = error }
    console.log(JSON.stringify({
      names: names.length,
      different: names.filter((name) => imported[name] !== required[name]),
      whole: whole === required,
      instances: [
        model instanceof required.SequenceModel,
        trainer instanceof Trainer,
        refusal instanceof GruError,
      ],
      loss: typeof (await trainer.step(batch)).loss,
    }))`,
  )
  const { output } = await project.run(`"${process.execPath}" program.mjs`)
  expect(JSON.parse(output)).toEqual({
    ...{ names: 14, different: [], whole: true, instances: [true, true, true], loss: 'number' },
  })
})
