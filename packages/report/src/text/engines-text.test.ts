import { expect, test } from 'vitest'
import type { EnginesDocument } from '../documents/engines.ts'
import { renderEngines } from './engines-text.ts'

const nothing = { version: null, device: null, deviceKind: null, from: null, reason: null, fix: null }
const document: EnginesDocument = {
  schema: 'whyslow-engines/1',
  tool: { version: '1.0.0' },
  engines: [
    { ...nothing, id: 'ort-cpu', title: 'CPU', here: true, version: '1.30.0', device: 'cpu', deviceKind: 'cpu', from: '/a' },
    { ...nothing, id: 'ort-dml', title: 'DML', here: false, reason: 'this build has no dml provider', fix: 'run it on Windows' },
  ],
}

test('says what is here on what, and of the rest why and how to get it', () => {
  expect(renderEngines(document, { width: 60, colour: false })).toBe(
    [
      'Engines installed',
      'ort-cpu  1.30.0 on cpu',
      '',
      'Engines not installed',
      'ort-dml  this build has no dml provider',
      '         To get it: run it on Windows',
      '',
    ].join('\n'),
  )
})

test('a runtime that is several engines gives its reason once, and those that are here their precision', () => {
  const reason = { title: '', reason: 'it was not found', fix: 'pip install it' }
  const [cpu] = document.engines
  const engines = [
    { ...cpu!, id: 'fast', precision: 'bfloat16' },
    { ...nothing, ...reason, id: 'fast-gpu', here: false },
    { ...nothing, ...reason, id: 'fast-npu', here: false },
  ]
  expect(renderEngines({ ...document, engines }, { width: 60, colour: false })).toBe(
    [
      'Engines installed',
      'fast      1.30.0 on cpu in bfloat16',
      '',
      'Engines not installed',
      'fast-gpu',
      'fast-npu  it was not found',
      '          To get it: pip install it',
      '',
    ].join('\n'),
  )
})
