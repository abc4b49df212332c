// A full disk costs one line and exit code 2: nothing half written keeps its name, and what stood there stays.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeEach, describe, expect, type TestContext, test } from 'vitest'
import { needs } from '../needs.ts'
import { ROOT } from '../root.ts'
import { fixture, folders, onlyFull, start, whyslow } from './command.ts'

const where = folders()
afterAll(() => where.remove())
const evidence = join(where.root, 'evidence.json')
const BEFORE = '<!doctype html>before'
writeFileSync(evidence, gunzipSync(readFileSync(join(ROOT, 'fixtures/golden/gru.evidence.json.gz'))))

describe.runIf(existsSync('/dev/full'))('a device that is full', needs('/dev/full'), () => {
  test.for(['--json', '--html'])('%s', async (flag) => {
    const { status, stdout, stderr } = await whyslow(where, 'explain', evidence, flag, '/dev/full')
    expect([status, stdout, stderr]).toEqual([
      2,
      '',
      `whyslow: ${flag} /dev/full: cannot be written (the disk is full); give another name\n`,
    ])
  })

  test('standard output', () => {
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', '"$0" "$1" explain "$2" --json - > /dev/full', process.execPath, join(ROOT, 'dist/whyslow/main.js'), evidence],
      {
        encoding: 'utf8',
      },
    )
    expect([status, stderr]).toEqual([2, 'whyslow: standard output cannot be written (ENOSPC)\n'])
  })
})

describe('a file system of 64 kB that is full', () => {
  let tiny: string
  let mounts = 0
  let isMounted = false
  beforeEach(() => {
    tiny = join(where.root, `tiny-${++mounts}`)
    mkdirSync(tiny)
    isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', tiny]).status === 0
  })
  afterEach(() => {
    if (isMounted) execFileSync('umount', [tiny])
  })
  const full = ({ skip }: TestContext) => {
    if (!isMounted) skip('a tiny file system is mounted by root alone')
    spawnSync('sh', ['-c', 'cat /dev/zero > "$0"', join(tiny, 'fill')])
  }

  test('a page: what stood under its name is kept', async (context) => {
    if (isMounted) writeFileSync(join(tiny, 'page.html'), BEFORE)
    full(context)
    const page = join(tiny, 'page.html')
    const { status, stdout, stderr } = await whyslow(where, 'explain', evidence, '--html', page)
    expect([status, stdout, stderr]).toEqual([
      2,
      '',
      `whyslow: --html ${page}: cannot be written (the disk is full); give another name\n`,
    ])
    expect(readFileSync(page, 'utf8')).toBe(BEFORE)
    expect(readdirSync(tiny).sort()).toEqual(['fill', 'page.html'])
  })

  test('the folder of fix: none is left', async (context) => {
    onlyFull(context, 'measures before it writes')
    full(context)
    const out = join(tiny, 'fast')
    const argv = ['fix', fixture('credit_mlp'), '-o', out, '--only', 'memory-arena', '--budget', '1s', '--no-progress']
    const { status, stderr } = await whyslow(where, ...argv)
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/^whyslow: -o \S+: cannot be written: the disk is full; [^\n]+\n$/),
    ])
    expect(readdirSync(tiny)).toEqual(['fill'])
  })

  test('the history: a line says so; the cache: the report is there in any case', async (context) => {
    onlyFull(context, 'measures before it writes')
    full(context)
    const argv = [fixture('lstm'), '--quick', '--duration', '0.3', '--no-progress']
    const [saved, { status, stdout }] = await Promise.all([
      start(where, [...argv, '--save'], { env: { XDG_DATA_HOME: tiny } }).ended,
      start(where, argv, { env: { XDG_CACHE_HOME: tiny } }).ended,
    ])
    expect([saved.status, saved.stderr]).toEqual([
      2,
      expect.stringMatching(/^whyslow: --save: \S+ cannot be written \(ENOSPC\); set XDG_DATA_HOME [^\n]+\n$/),
    ])
    expect([status, stdout === '']).toEqual([0, false])
  })
})
