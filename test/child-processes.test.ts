// How processes are started: never through a shell, never to wait for without a limit, and never to outlive the one that started them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesUnder, ROOT } from './sources.ts'

const sources = filesUnder('src', (path) => /\.ts$/.test(path) && !/(\.test|[\\/](check|example)-[^\\/]*)\.ts$/.test(path)).map(
  (path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8').replace(/^\s*(\/\/|\*|\/\*).*$/gm, '') }),
)
const having = (pattern: RegExp) => sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path)

/** What a module takes of node:child_process. */
const taken = sources.flatMap(({ path, text }) =>
  [...text.matchAll(/import \{([^}]*)\} from 'node:child_process'/g)].map(([, names]) => ({ path, text, names: names! })),
)

describe('the sources', () => {
  test('start processes', () => expect(taken.length).toBeGreaterThan(10))

  test('start none through a shell', () => {
    expect(taken.filter(({ names }) => /\bexec(Sync)?\b/.test(names)).map(({ path }) => path)).toEqual([])
    expect(taken.filter(({ text }) => /\bshell:\s*(?!false)/.test(text)).map(({ path }) => path)).toEqual([])
    expect(
      having(/from 'child_process'|import \w+ from 'node:child_process'|import \* as \w+ from 'node:child_process'/),
    ).toEqual([])
  })

  test('wait for none without a limit of time', () => {
    const calls = taken.flatMap(({ path, text }) =>
      [...text.matchAll(/\b(spawnSync|execFileSync|execFile)\(/g)].map((call) => ({
        path,
        around: text.slice(call.index - 400, call.index + 400),
      })),
    )
    const limited = /\btimeout\b|\bQUIETLY\b/
    expect(calls.length).toBeGreaterThan(5)
    expect(calls.filter(({ around }) => !limited.test(around)).map(({ path }) => path)).toEqual([])
  })

  test('name temporary folders by mkdtemp alone', () => {
    expect(
      having(/join\((os\.)?tmpdir\(\)/)
        .filter((path) => !having(/mkdtemp/).includes(path))
        .sort(),
    ).toEqual([
      // The name is random, the folder is made for this user alone, and one that is there already is refused.
      'src/cli/supervise.ts',
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
