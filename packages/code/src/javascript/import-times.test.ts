import { describe, expect, test } from 'vitest'
import { importFacts, modulesOf } from './import-times.ts'
import { readSource } from './source.ts'

const frame = (functionName: string, url: string, lineNumber = 0) => ({
  functionName,
  url,
  lineNumber,
  columnNumber: 0,
  scriptId: '1',
})

describe('modulesOf', () => {
  const nodes = [
    { id: 1, callFrame: frame('(root)', '', -1), children: [2, 5] },
    { id: 2, callFrame: frame('run', 'node:internal/modules/esm/module_job', 200), children: [3] },
    {
      id: 3,
      callFrame: frame('', 'file:///app/slow.mjs'),
      positionTicks: [
        { line: 4, ticks: 9 },
        { line: 2, ticks: 1 },
      ],
      children: [4],
    },
    { id: 4, callFrame: frame('table', 'file:///app/slow.mjs', 7) },
    // What load() does is no import, though a package of it may have its own top level.
    { id: 5, callFrame: frame('open', 'file:///tool/child.js', 60), children: [6] },
    { id: 6, callFrame: frame('', 'file:///app/node_modules/late/index.js') },
  ]
  test('the time of a top level is with what it calls', () => {
    const found = modulesOf({ nodes, startTime: 0, endTime: 0, samples: [3, 4, 6, 1], timeDeltas: [1000, 2000, 5000, 1000] })
    expect(found).toEqual([{ module: '/app/slow.mjs', selfMs: 3, totalMs: 3, line: 4 }])
  })
})

describe('importFacts', () => {
  const file = (path: string, text: string) => ({ path, text, source: readSource(text, path)! })
  const files = [
    file('/app/main.mjs', "import fs from 'node:fs'\nimport tf from '@scope/heavy/part'\nimport { a } from './helper.mjs'"),
    file('/app/helper.mjs', "import './deep.mjs'"),
    file('/app/deep.mjs', ''),
  ]
  const ran = (module: string, selfMs: number, line: number | null = null) => ({ module, selfMs, totalMs: selfMs, line })

  test('each import has what ran for it', () => {
    const modules = [
      ran('/app/node_modules/inner/a.js', 5),
      ran('/app/node_modules/@scope/heavy/part.js', 20),
      ran('/app/deep.mjs', 3),
      ran('/app/helper.mjs', 2),
      ran('/app/main.mjs', 40, 9),
    ]
    expect(importFacts(modules, '/app/main.mjs', files)).toEqual([
      { module: 'main.mjs', selfMs: 40, totalMs: 40, line: 9 },
      { module: '@scope/heavy/part', selfMs: 20, totalMs: 25, line: 2 },
      { module: './helper.mjs', selfMs: 5, totalMs: 5, line: 3 },
    ])
  })
})
