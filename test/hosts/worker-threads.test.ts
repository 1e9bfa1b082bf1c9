import * as path from 'node:path'
import { shell } from '../support/shell'

test('worker threads load the package, compute, and end in the middle of calls', async () => {
  const soak = `"${process.execPath}" scripts/worker-soak.mjs --rounds 3 --workers 6`
  const { status, output } = await shell(soak, path.join(__dirname, '../..'))
  expect([output, status]).toEqual([
    expect.stringMatching(/^(round .*\n)+18 workers ended in the middle of calls; /),
    0,
  ])
})
