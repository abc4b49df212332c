// Is what `fix` writes of a folder of transformers.js faster than transformers.js itself, with its default and with its q4 weights, and how far from
// llama.cpp? Each in a fresh process, in turns, greedy, the same prompts and number of tokens; ratios of one round.
//   FROM=project node bench/generation-fix.mjs FOLDER [--out folder] [-- words for fix]
// FROM: a folder whose node_modules hold @huggingface/transformers. FAST=folder: written already. LLAMA_BENCH=program GGUF=file: the same model there.
// ROUNDS=3   TOKENS=64. Exit 1 if a goal is missed, or was not measured.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { llamaBench, outputOf, peer } from './generators.mjs'
import { keepResult } from './result.mjs'
import { median, root, temporaryFolder } from './shared.mjs'

const GOALS = { default: 3, q4: 1.3, llama: 1 / 1.5 }
const PROMPT = 'Write a short text about the history of bridges and why people built them.'
const CALLS = 4
const [model, ...rest] = process.argv.slice(2)
const { FROM, FAST, LLAMA_BENCH, GGUF, ROUNDS = '3', TOKENS = '64' } = process.env
if (model === undefined || FROM === undefined) {
  console.error('usage: FROM=project node bench/generation-fix.mjs FOLDER [--out folder] [-- words for fix]')
  process.exit(2)
}

const node = (file, words, options) => peer(process.execPath, file, words, options)

const fast = FAST ?? path.join(temporaryFolder(), 'fast')
if (FAST === undefined)
  console.log(
    outputOf(process.execPath, [
      path.join(root, 'dist/whyslow/main.js'),
      'fix',
      model,
      '-o',
      fast,
      '--no-progress',
      ...rest.filter((word) => word !== '--'),
    ]),
  )
if (!fs.existsSync(path.join(fast, 'node_modules')))
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(fast, 'node_modules'))

// The first call of a process is cold.
const warm = (each) => median(each.slice(1))
const hasQ4 = fs.existsSync(path.join(model, 'onnx/model_q4.onnx'))
const sides = {
  fast: () => warm(node('shipped-generator-loop.mjs', [path.resolve(fast), PROMPT, TOKENS, CALLS])),
  default: () => warm(node('transformers-js-loop.mjs', [path.resolve(model), 'default', PROMPT, TOKENS, CALLS], { cwd: FROM })),
  ...(hasQ4
    ? { q4: () => warm(node('transformers-js-loop.mjs', [path.resolve(model), 'q4', PROMPT, TOKENS, CALLS], { cwd: FROM })) }
    : {}),
  ...(LLAMA_BENCH === undefined || GGUF === undefined ? {} : { llama: llamaMs }),
}

function llamaMs() {
  const threads = spawnSync('nproc', { encoding: 'utf8' }).stdout.trim()
  return 1000 / llamaBench(LLAMA_BENCH, GGUF, { tokens: TOKENS, threads, repeats: CALLS - 1 })
}

const names = Object.keys(sides)
const rounds = []
for (let round = 0; round < Number(ROUNDS); round++) {
  const order = round % 2 === 0 ? names : [...names].reverse()
  const ms = Object.fromEntries(order.map((name) => [name, sides[name]()]))
  rounds.push(ms)
  console.log(names.map((name) => `${name} ${ms[name].toFixed(2)} ms`).join('   '))
}
const ratioOf = (name) => median(rounds.map((ms) => ms[name] / ms.fast))
const values = { fast: { tokenMs: median(rounds.map(({ fast: ms }) => ms)) } }
const wrong = []
for (const [name, goal] of Object.entries(GOALS)) {
  if (!names.includes(name)) {
    wrong.push(`${name} was not measured`)
    continue
  }
  values[name] = { tokenMs: median(rounds.map((ms) => ms[name])), speedupRatio: ratioOf(name) }
  console.log(`${name}: ${ratioOf(name).toFixed(2)} times the time of the folder (goal ${goal.toFixed(2)})`)
  if (!(ratioOf(name) >= goal)) wrong.push(`${name}: below ${goal.toFixed(2)}`)
}
for (const line of wrong) console.log(line)
await keepResult(values, rounds)
process.exitCode = wrong.length > 0 ? 1 : 0
