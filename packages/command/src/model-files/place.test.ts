import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { scratch } from '../../../../test/support/made-folders.ts'
import { removeLeftovers } from './place.ts'

/** Of a process that has ended. */
const deadPid = spawnSync(process.execPath, ['-e', '']).pid

test('leftovers: those of dead processes go, others stay', () => {
  const folder = scratch()
  const target = path.join(folder, 'fast')
  const kept = [`fast.whyslow-${process.ppid}-tmp`, `slow.whyslow-${deadPid}-tmp`, 'fast.whyslow-x-tmp', 'fast.whyslow', 'fast']
  const gone = [`fast.whyslow-${deadPid}-tmp`, `fast.whyslow-${deadPid}-old`, `fast.whyslow-${process.pid}-tmp`]
  for (const name of [...kept, ...gone]) fs.mkdirSync(path.join(folder, name))
  removeLeftovers(target)
  expect(fs.readdirSync(folder).sort()).toEqual([...kept].sort())
})

test('a folder set aside comes back where none took its place', () => {
  const folder = scratch()
  const target = path.join(folder, 'fast')
  fs.mkdirSync(`${target}.whyslow-${deadPid}-tmp`)
  fs.mkdirSync(`${target}.whyslow-${deadPid}-old`)
  fs.writeFileSync(path.join(`${target}.whyslow-${deadPid}-old`, 'a'), 'old')
  removeLeftovers(target)
  expect(fs.readdirSync(folder)).toEqual(['fast'])
  expect(fs.readFileSync(path.join(target, 'a'), 'utf8')).toBe('old')
  removeLeftovers(path.join(folder, 'not', 'there'))
})
