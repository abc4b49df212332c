// How often a script ran is said where it is more than once.
import { expect, test } from 'vitest'
import type { PassResult } from '../../driver.ts'
import { scriptRuns } from './script-runs.ts'

const pass = (): PassResult => ({ messages: [], failure: null, log: { head: '', tail: '', bytes: 0 }, leftRunning: 0 })
const one = pass()
const script = { kind: 'script' } as const

test('one run that tells all, and one more for its loops', () => {
  const alone = { timed: [one], profiled: one, observed: one }
  expect(scriptRuns(alone, script, 0)).toEqual([])
  expect(scriptRuns(alone, script, 1)).toEqual([
    'the script was run once to be measured, and once for the values that its loops and tokenizers see',
  ])
})

test('runs for each thing that is measured', () => {
  const each = { timed: [one, pass(), pass()], profiled: pass(), observed: pass() }
  expect(scriptRuns(each, script, 0)).toEqual(['the script was run 5 times to be measured'])
  expect(scriptRuns(each, { kind: 'stages' }, 1)).toEqual([])
})
