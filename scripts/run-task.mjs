// Runs one task in a trial's process, by hand, and prints what comes of it as JSON: node scripts/run-task.mjs TASK MODEL INPUTS [more.json]
// TASK: an id as in `defineTask`; INPUTS: an inputs.json that --save-inputs wrote; more.json: further fields of the task's input.
// The sources must be built (npm run build).
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const dist = resolve(import.meta.dirname, '../dist')
const [id, model, inputs, more] = process.argv.slice(2)
const { localTrials } = await import(pathToFileURL(join(dist, 'measure/trials/local-runner.js')).href)
const files = readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('.js'))
const defined = files.flatMap((name) =>
  [...readFileSync(join(dist, name), 'utf8').matchAll(/defineTask\(\s*['"]([\w-]+)['"]/g)].map(([, task]) => ({ task, name })),
)
const found = defined.find(({ task }) => task === id)
if (found === undefined || inputs === undefined) {
  console.error('Usage: node scripts/run-task.mjs TASK MODEL INPUTS.json [more.json]')
  console.error(
    `Tasks: ${defined
      .map(({ task }) => task)
      .sort()
      .join(', ')}`,
  )
  process.exit(2)
}
const module = await import(pathToFileURL(join(dist, found.name)).href)
const task = Object.values(module).find((one) => one?.id === id)
const options = { threads: null, graphOptimization: 'all', executionMode: 'sequential', configEntries: {}, packageFrom: null }
const input = {
  engine: 'ort-cpu',
  modelFile: resolve(model),
  options,
  inputs: resolve(inputs),
  process: 0,
  sampleMs: 500,
  brief: false,
}
const given = more === undefined ? {} : JSON.parse(readFileSync(more, 'utf8'))
const trial = await localTrials.run(task, { ...input, ...given }, { timeMs: 120_000, memoryBytes: null })
console.log(JSON.stringify(trial, null, 2))
process.exitCode = trial.outcome === 'measured' ? 0 : 1
