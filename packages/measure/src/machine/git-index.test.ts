import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { hasPathBelow } from './git-index.ts'
import { owners } from './own-files.ts'

let root: string
const env = {
  ...process.env,
  ...{ GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b.example' },
  ...{ GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b.example' },
}
const git = (...words: string[]) => execFileSync('git', words, { cwd: root, stdio: 'pipe', env })
const at = (file: string) => path.join(root, file)
const write = (file: string) => {
  fs.mkdirSync(path.dirname(at(file)), { recursive: true })
  fs.writeFileSync(at(file), file)
}
const init = (format = 'sha1') => git('init', '--template=', `--object-format=${format}`)

beforeEach(() => {
  root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-index-')))
  onTestFinished(() => fs.rmSync(root, { recursive: true }))
})

const LONG = `a/${'long/'.repeat(80)}node_modules/p`
const FILES = [
  'a.txt',
  'a/b/c.js',
  'a/node_modules/p/index.js',
  'a/node_modules/p/package.json',
  'a/node_modules/q',
  `${LONG}/x.js`,
  'z',
]
const IN = ['a', 'a/b', 'a/node_modules', 'a/node_modules/p', LONG]
const NOT_IN = ['b', 'node_modules/p', 'a/node_modules/pp', 'a/node_modules/q', 'p', 'z', `${LONG}/x`]

test.each(['sha1', 'sha256'])('an index with objects named by %s, of each version', (format) => {
  init(format)
  FILES.forEach(write)
  git('add', '--force', '.')
  const check = (asked: number, written: number) => {
    git('update-index', '--index-version', String(asked))
    const index = fs.readFileSync(at('.git/index'))
    expect(index.readUInt32BE(4)).toBe(written)
    expect(IN.filter((folder) => !hasPathBelow(index, `${folder}/`))).toEqual([])
    expect(NOT_IN.filter((folder) => hasPathBelow(index, `${folder}/`) !== false)).toEqual([])
    expect(hasPathBelow(index.subarray(0, index.length >> 1), 'b/')).toBeNull()
  }
  check(2, 2)
  write('planned')
  // Entries with more flags make version 3.
  git('add', '--intent-to-add', 'planned')
  check(2, 3)
  check(4, 4)
})

test('what is no index, or a newer one, is not read', () => {
  const newer = Buffer.concat([Buffer.from('DIRC'), Buffer.from([0, 0, 0, 5, 0, 0, 0, 0])])
  expect([Buffer.alloc(0), Buffer.from('DIRC'), Buffer.alloc(100), newer].map((index) => hasPathBelow(index, 'a/'))).toEqual([
    ...[null, null, null, null],
  ])
})

describe('files are seen to be checked in', () => {
  const isCheckedIn = (folder: string) => owners().isCheckedIn(at(folder))

  test.each(['2', '4'])('in a split index of version %s, also what the shared one lacks', (version) => {
    init()
    FILES.forEach(write)
    git('add', '--force', '.')
    git('update-index', '--index-version', version)
    git('update-index', '--split-index')
    git('-c', 'splitIndex.maxPercentChange=100', 'update-index', '--assume-unchanged', 'a/b/c.js')
    write('later/x.js')
    git('-c', 'splitIndex.maxPercentChange=100', 'add', 'later')
    expect(hasPathBelow(fs.readFileSync(at('.git/index')), 'a/node_modules/p/')).toBe(false)
    expect(['a/node_modules/p', 'a/b', 'later', 'a/b/d'].map(isCheckedIn)).toEqual([true, true, true, false])
  })

  test('in a folder that a sparse index names as a whole', () => {
    init()
    FILES.forEach(write)
    git('add', '--force', '.')
    git('commit', '-m', 'all')
    fs.mkdirSync(at('kept'))
    git('sparse-checkout', 'set', '--cone', '--sparse-index', 'kept')
    expect(hasPathBelow(fs.readFileSync(at('.git/index')), 'a/node_modules/p/')).toBe(true)
    expect(['a/node_modules/p', 'kept'].map(isCheckedIn)).toEqual([true, false])
  })

  test('if the index cannot be read, but not if there is none', () => {
    init()
    write('a/x')
    expect(isCheckedIn('a')).toBe(false)
    fs.writeFileSync(at('.git/index'), 'DIRC')
    expect(isCheckedIn('a')).toBe(true)
  })
})
