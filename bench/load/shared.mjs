// What the benchmarks of load share: the command run, servers started and ended, rows of a table.
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const main = here('../../dist/whyslow/main.js')

/** What a program prints; rejects where it fails. Its server in this process goes on meanwhile. */
export function printed(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    execFile(program, args, { maxBuffer: 1 << 28, encoding: 'utf8', ...options }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${program}: ${stderr.trim().split('\n').at(-1) || error.message}`))
    })
  })
}

/** The document of `whyslow load`. */
export async function load(target, ...flags) {
  const text = await printed(process.execPath, [main, 'load', target, ...flags, '--no-progress', '--json', '-'])
  return JSON.parse(text)
}

/** A process that prints its port, or what `ready` finds in its output; ended by `end`. */
export function started(program, args, ready = /(\d+)/, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  const leave = () => child.kill('SIGKILL')
  process.once('exit', leave)
  child.once('exit', () => process.off('exit', leave))
  let text = ''
  return new Promise((resolve, reject) => {
    const take = (chunk) => {
      text = (text + chunk).slice(-20_000)
      const found = ready.exec(text)
      if (found === null) return
      const end = async (signal = 'SIGTERM') => {
        child.kill(signal)
        return exited
      }
      resolve({ found: found[1], pid: child.pid, end, text: () => text })
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`${program} ${args[0]} ended: ${text.trim().split('\n').at(-1)}`)))
  })
}

export const serve = (model, ...flags) =>
  started(process.execPath, [main, 'serve', model, '--port', '0', ...flags], /at (http:\S+\/v2\/models\/\S+)/)

export const knownQueue = (queue) => started(process.execPath, [here('known-queue-server.mjs'), JSON.stringify(queue)])

/** Why a program cannot be run; null where it can. */
export function missing(program) {
  if (program.includes('/')) return existsSync(program) ? null : `${program} is not there`
  const found = (process.env.PATH ?? '').split(':').some((folder) => existsSync(`${folder}/${program}`))
  return found ? null : `${program} is not installed`
}

/** Of the command and all that it started: the process that a shell starts runs the server in a second one. */
export { residentBytes } from '../memory.mjs'

export const ms = (value) => (value == null ? '-' : value >= 100 ? value.toFixed(0) : value.toFixed(2))
export const rate = (value) => (value == null ? '-' : value >= 100 ? value.toFixed(0) : value.toFixed(1))

/** Columns as wide as what is in them. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => String(cells[column]).length)))
  for (const cells of rows)
    console.log(
      cells
        .map((cell, column) => String(cell).padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
}
