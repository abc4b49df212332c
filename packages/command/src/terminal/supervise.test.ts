import { expect, test } from 'vitest'
import { exitCodeOf, runsAlone } from './supervise.ts'

test.each([
  ['ended by itself', 3, null, null, 3],
  ['asked by Ctrl-C, ended as interrupted', 130, null, 'SIGINT', 130],
  ['asked by SIGTERM, ended as interrupted', 130, null, 'SIGTERM', 143],
  ['asked, and answered before it ended', 0, null, 'SIGTERM', 0],
  ['asked, and killed', null, 'SIGKILL', 'SIGTERM', 143],
  ['killed by the system', null, 'SIGKILL', null, 137],
  ['crashed', null, 'SIGSEGV', null, 139],
] as const)('exit code when it %s', (_, code, signal, asked, status) => {
  expect(exitCodeOf(code, signal, asked)).toBe(status)
})

test('what starts nothing runs in one process', () => {
  for (const argv of [
    [],
    ['--help'],
    ['fix', '-h'],
    ['--version'],
    ['help', 'fix'],
    ['explain', 'e.json'],
    ['history'],
    ['fleet', 'report', 'a.json'],
  ])
    expect(runsAlone(argv)).toBe(true)
  for (const argv of [['model.onnx'], ['fix', 'model.onnx'], ['serve', 'explain'], ['fleet', 'run', 'report']])
    expect(runsAlone(argv)).toBe(false)
})

test.each(['pipeline x.py -h', 'pipeline x.py -- --help', '-- --help', '--json -h model.onnx', 'fix m.onnx -- --version'])(
  '%s: help may be of the program that is measured',
  (line) => expect(runsAlone(line.split(' '))).toBe(false),
)
