// The last lines of a test run: which tests were left out, and why, by reason. If WHYSLOW_ALLOWED_SKIPS names a file (.ci/run does), each reason
// must match one of its lines, or the run fails: what CI cannot run must not look as if it had passed.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Reporter, TestModule, TestSpecification } from 'vitest/node'
import { FEWER_CASES, isShort, LONG } from './long.ts'
import { missingEngine } from './missing-engine.ts'
import { ROOT } from './root.ts'
import { DURATIONS } from './slowest-first.ts'

/** Files that take less need no place of their own in the order. */
const SHORTEST_S = 0.5

export default class LeftOut implements Reporter {
  private files: readonly TestSpecification[] = []

  onTestRunStart(files: readonly TestSpecification[]): void {
    this.files = files
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const byReason = new Map<string, string[]>()
    const add = (reason: string, name: string) => byReason.set(reason, [...(byReason.get(reason) ?? []), name])
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const result = test.result()
        const note = result.state === 'skipped' ? result.note : undefined
        add(note ?? test.meta().leftOut ?? NO_REASON, `${module.relativeModuleId} > ${test.fullName}`)
      }
    }
    for (const file of this.files) {
      const reason = missingEngine(file)
      if (reason !== null) add(reason, relative(ROOT, file.moduleId))
    }
    if (isShort) {
      byReason.set('files that take long (npm run test:full)', [...LONG])
      byReason.set('further cases of these files (npm run test:full)', [...FEWER_CASES])
    }
    for (const [reason, tests] of byReason) console.log(`Left out: ${reason}\n${tests.map((name) => `  ${name}`).join('\n')}`)
    const file = process.env.WHYSLOW_ALLOWED_SKIPS
    const refused =
      file === undefined ? [] : [...byReason.keys()].filter((reason) => !isAllowed(reason, readFileSync(file, 'utf8')))
    if (refused.length > 0) {
      console.log(`Left out, though ${file} does not allow it:\n${refused.map((reason) => `  ${reason}`).join('\n')}`)
      process.exitCode = 1
    }
    if (process.env.WHYSLOW_TEST_DURATIONS === '1') writeDurations(modules)
  }
}

/** test.skipIf and test.runIf give none: needs.ts does. */
const NO_REASON = 'no reason'

/** One regular expression a line; lines that begin with # say why the next ones may be left out. */
export function isAllowed(reason: string, allowed: string): boolean {
  const lines = allowed.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  return lines.some((line) => new RegExp(`^(?:${line})$`, 's').test(reason))
}

function writeDurations(modules: readonly TestModule[]): void {
  const run = modules.map((one) => [one.relativeModuleId, one.diagnostic().duration / 1000] as const)
  const known = JSON.parse(readFileSync(DURATIONS, 'utf8')) as Readonly<Record<string, number>>
  writeFileSync(DURATIONS, `${JSON.stringify(mergedDurations(known, Object.fromEntries(run), isFile), null, 2)}\n`)
}

const isFile = (path: string) => existsSync(join(ROOT, path))

/** Seconds by path: those of this run, and of files that did not run what is known of them; files that are gone, and short ones, are left out. */
export function mergedDurations(
  known: Readonly<Record<string, number>>,
  run: Readonly<Record<string, number>>,
  exists: (path: string) => boolean,
): Record<string, number> {
  const all = Object.entries({ ...known, ...run }).map(([path, seconds]) => [path, Math.round(seconds * 10) / 10] as const)
  const long = all.filter(([path, seconds]) => seconds >= SHORTEST_S && exists(path))
  return Object.fromEntries(long.sort(([a], [b]) => (a < b ? -1 : 1)))
}
