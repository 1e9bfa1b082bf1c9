#!/usr/bin/env node
/**
 * The program `gru`.
 *
 * @module
 */
import { run } from './run'

const controller = new AbortController()
// Only once: a second Ctrl-C ends the process immediately.
process.once('SIGINT', () => {
  controller.abort()
})
// The reader of the output may stop reading: `gru train JOB.json | head`.
process.stdout.on('error', () => {
  controller.abort()
})

const { stdout, stderr } = process
void run(process.argv.slice(2), { stdout, stderr, signal: controller.signal }).then((status) => {
  process.exitCode = status
})
