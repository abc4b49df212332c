// How processes are started: never through a shell, never to wait for without a limit, and never to outlive the one that started them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesUnder, ROOT } from './sources.ts'

const sources = filesUnder('packages', (path) => /^packages\/\w+\/src\/.*(?<!\.test)\.ts$/.test(path)).map((path) => ({
  path,
  text: readFileSync(join(ROOT, path), 'utf8').replace(/^\s*(\/\/|\*|\/\*).*$/gm, ''),
}))
const having = (pattern: RegExp) => sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path)

/** What a module takes of node:child_process. */
const taken = sources.flatMap(({ path, text }) =>
  [...text.matchAll(/import \{([^}]*)\} from 'node:child_process'/g)].map(([, names]) => ({ path, text, names: names! })),
)

describe('the sources', () => {
  test('start processes in one place, which ends them with all that they started', () => {
    const starting = taken.filter(({ names }) => /\b(spawn|fork|execFile)\b/.test(names)).map(({ path }) => path)
    expect(new Set(starting)).toEqual(
      new Set([
        // Passes signals on to the command that it runs, and its end.
        'packages/command/src/terminal/supervise.ts',
        'packages/measure/src/processes/start-process.ts',
        // The browser stays.
        'packages/command/src/terminal/page/open-browser.ts',
      ]),
    )
  })

  test('start none through a shell', () => {
    expect(taken.filter(({ names }) => /\bexec(Sync)?\b/.test(names)).map(({ path }) => path)).toEqual([])
    expect(taken.filter(({ text }) => /\bshell:\s*(?!false)/.test(text)).map(({ path }) => path)).toEqual([])
    expect(
      having(/from 'child_process'|import \w+ from 'node:child_process'|import \* as \w+ from 'node:child_process'/),
    ).toEqual([])
  })

  test('wait for none without a limit of time', () => {
    const around = (call: RegExp) =>
      sources.flatMap(({ path, text }) =>
        [...text.matchAll(call)].map(({ index }) => ({ path, text: text.slice(index - 400, index + 400) })),
      )
    const waiting = around(/\b(spawnSync|execFileSync)\(/g)
    expect(waiting.length).toBeGreaterThan(4)
    expect(waiting.filter(({ text }) => !/\btimeout\b|\bQUIETLY\b/.test(text)).map(({ path }) => path)).toEqual([])
    const started = around(/(?<!function )\bstartProcess\(/g)
    expect(started.length).toBeGreaterThan(7)
    const unlimited = started.filter(({ text }) => !/\btimeMs\b/.test(text)).map(({ path }) => path)
    expect(unlimited.sort()).toEqual(
      [
        // Up to its first answer.
        'packages/serving/src/commands/serve/server-process.ts',
        // Within a trial, which has a limit.
        'packages/measure/src/engines/python/python-session.ts',
        // Each question has one.
        'packages/code/src/turns/start-contestant.ts',
        'packages/code/src/turns/start-contestant.ts',
        // Until the user has seen enough.
        'packages/code/src/commands/watch/watch.ts',
      ].sort(),
    )
  })

  test('name temporary folders by mkdtemp alone', () => {
    expect(
      having(/join\((os\.)?tmpdir\(\)/)
        .filter((path) => !having(/mkdtemp/).includes(path))
        .sort(),
    ).toEqual([
      // The name is random, the folder is made for this user alone, and one that is there already is refused.
      'packages/command/src/terminal/supervise.ts',
    ])
  })

  test('end every process of Node with the one that started it', () => {
    // As their names say, the files that run as one.
    const children = sources.filter(({ path }) => /(^|[/-])child\.ts$/.test(path))
    expect(children.length).toBeGreaterThan(6)
    expect(
      children.filter(({ text }) => !/\bendWithParent\(\)|\bendWithParent\(folder\)/.test(text)).map(({ path }) => path),
    ).toEqual([])
  })

  test('give no token to a browser among its arguments', () => {
    const opens = sources.flatMap(({ text }) => [...text.matchAll(/openBrowser\((?!url:)([^)]*\)?)/g)].map(([, given]) => given!))
    expect(opens.map((given) => given.split(',')[0])).toEqual(['server.urlForBrowser()'])
  })
})
