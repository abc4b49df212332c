// The table of operators: what its rows are, how they are found, sorted and grouped, and what is copied as CSV.
import { describe, expect, test } from 'vitest'
import { blockOf, blockTree, pathOf } from '../../packages/report/web/src/operators/blocks.ts'
import { asCsv, filterRows, linesOf, nextIsUp, type Row, rowsOf, SORTS } from '../../packages/report/web/src/operators/rows.ts'
import type { Node, Report } from '../../packages/report/web/src/page-data.ts'
import { transformer } from '../page/documents.ts'

const node = (name: string, opType: string, timeMs: number, others: Partial<Node> = {}): Node => ({
  ...transformer.nodes[0]!,
  ...{ name, opType, timeMs, origin: [name], share: timeMs / 10, floorMs: timeMs / 2, flops: 100, bytes: 10, bound: 'compute' },
  ...others,
})
const NODES = [
  node('/enc/layer.2/MatMul', 'MatMul', 4),
  node('/enc/layer.10/Add', 'Add', 1, { floorMs: null, flops: null, bound: null }),
  node('/enc/layer.2/Add', 'Add', 1, { flops: 300, bytes: 90 }),
  node('/head/Gemm', 'Gemm', 2, { bound: 'memory' }),
]
const finding = { ...transformer.findings[0]!, rule: 'wide-gemm', nodes: ['/head/Gemm', '/enc/layer.2/MatMul'] }
const report: Report = { ...transformer, nodes: NODES, findings: [finding, { ...finding, rule: 'other', nodes: ['/head/Gemm'] }] }
const rows = rowsOf(report)
const titles = (places: Iterable<number>): string[] => Array.from(places, (at) => rows[at]!.title)
const [matMul, tenth, second, gemm] = NODES.map(({ name }) => name) as [string, string, string, string]

describe('rows', () => {
  test('a row has its block, the rules that name it, its share of the whole and its time over the floor', () => {
    expect(rows.map(({ block }) => block)).toEqual(['enc/layer.2', 'enc/layer.10', 'enc/layer.2', 'head'])
    expect(rows.map(({ causes }) => causes)).toEqual([['wide-gemm'], [], [], ['wide-gemm', 'other']])
    expect(rows.map(({ share }) => share)).toEqual([0.4, 0.1, 0.1, 0.2])
    expect(rows.map(({ aboveMs }) => aboveMs)).toEqual([2, null, 0.5, 1])
  })

  test('if the whole is not known, shares are of the sum of all operators', () => {
    const shares = rowsOf({ ...report, latency: null, trace: null }).map(({ share }) => share)
    expect(shares).toEqual([0.5, 0.125, 0.125, 0.25])
    const idle = { ...report, latency: null, trace: null, nodes: [node('a', 'Add', 0)] }
    expect(rowsOf(idle)[0]!.share).toBe(0)
  })
})

describe('search', () => {
  test.each([
    ['', [matMul, gemm, tenth, second]],
    ['MATMUL', [matMul]],
    ['enc add', [tenth, second]],
    ['  layer.2   add ', [second]],
    ['bound:memory', [gemm]],
    ['bound:not', [tenth]],
    ['cause:wide-gemm', [matMul, gemm]],
    ['cause:other', [gemm]],
    ['nothing', []],
  ])('%j finds rows that hold every word', (query, found) => {
    expect(titles(filterRows(rows, query, 'time', false))).toEqual(found)
  })
})

describe('sort', () => {
  test.each([
    ['time', false, [matMul, gemm, tenth, second]],
    ['time', true, [tenth, second, gemm, matMul]],
    // What is not known comes last, whichever way it is sorted.
    ['above', false, [matMul, gemm, second, tenth]],
    ['above', true, [second, gemm, matMul, tenth]],
    ['flops', false, [second, matMul, gemm, tenth]],
    ['flops', true, [matMul, gemm, second, tenth]],
    ['bytes', false, [second, matMul, tenth, gemm]],
    ['order', false, [matMul, tenth, second, gemm]],
    ['order', true, [gemm, second, tenth, matMul]],
    // layer.2 before layer.10.
    ['name', true, [second, matMul, tenth, gemm]],
    ['name', false, [gemm, tenth, matMul, second]],
    ['operator', true, [tenth, second, gemm, matMul]],
    ['operator', false, [matMul, gemm, tenth, second]],
  ] as const)('by %s, up: %s', (sort, isUp, found) => {
    expect(titles(filterRows(rows, '', sort, isUp))).toEqual(found)
  })

  test('a first click shows the largest numbers, and names from A; another one turns it round', () => {
    expect([nextIsUp('flops', 'time', false), nextIsUp('flops', 'time', true)]).toEqual([false, false])
    expect([nextIsUp('name', 'time', false), nextIsUp('operator', 'name', true)]).toEqual([true, true])
    expect([nextIsUp('time', 'time', false), nextIsUp('name', 'name', true)]).toEqual([true, false])
  })

  test.each(SORTS)('by %s: every row once, and equal ones stay in their order', (sort) => {
    const many = Array.from({ length: 50 }, (_, i) =>
      node(`n${i % 7}`, `Op${i % 3}`, i % 5, { flops: i % 4 === 0 ? null : i % 4 }),
    )
    const all = rowsOf({ ...report, nodes: many })
    for (const isUp of [false, true]) {
      const order = [...filterRows(all, '', sort, isUp)]
      expect([...order].sort((a, b) => a - b)).toEqual(all.map(({ index }) => index))
      const same = (a: Row, b: Row) => sort === 'time' && a.node.timeMs === b.node.timeMs
      for (const [at, place] of order.slice(1).entries())
        if (same(all[order[at]!]!, all[place]!)) expect(order[at]!).toBeLessThan(place)
    }
  })
})

describe('lines', () => {
  const order = filterRows(rows, '', 'time', false)

  test('without groups, shares add up from the first line on', () => {
    const sums = linesOf(rows, order, 'none', new Set()).map((line) => line.kind === 'row' && line.cumulative)
    expect(sums.map((one) => Number(one).toFixed(6))).toEqual(['0.400000', '0.600000', '0.700000', '0.800000'])
  })

  test('groups are ordered by their time; an open one has its rows below it, added up anew', () => {
    const lines = linesOf(rows, order, 'operator', new Set(['Add']))
    const said = lines.map((line) =>
      line.kind === 'row' ? [line.row.title, line.cumulative] : [line.name, line.many, line.timeMs],
    )
    expect(said).toEqual([
      ['MatMul', 1, 4],
      ['Gemm', 1, 2],
      ['Add', 2, 2],
      [tenth, 0.1],
      [second, 0.2],
    ])
  })

  test('a row that several findings name is in the group of each; one that none names is in a group of its own', () => {
    const heads = linesOf(rows, order, 'cause', new Set()).map((line) => line.kind === 'group' && [line.name, line.many])
    expect(heads).toEqual([
      ['wide-gemm', 2],
      ['other', 1],
      ['no finding names it', 2],
    ])
  })

  test('what binds a row, or its block, can be what is not known', () => {
    const names = (group: 'bound' | 'block') =>
      linesOf(rows, order, group, new Set()).map((line) => line.kind === 'group' && line.name)
    expect(names('bound')).toEqual(['compute', 'memory', 'not known'])
    expect(names('block')).toEqual(['enc/layer.2', 'head', 'enc/layer.10'])
  })
})

test('CSV has the rows that are shown, in their order, with numbers as the document has them', () => {
  const lines = asCsv(rows, filterRows(rows, 'enc', 'bytes', false))
    .trim()
    .split('\r\n')
  expect(lines[0]).toBe('name,engine name,operator,block,time ms,share,floor ms,bound,multiply-adds,flops,bytes,causes')
  const macs = transformer.nodes[0]!.macs
  expect(lines.slice(1)).toEqual([
    `${second},${second},Add,enc/layer.2,1,0.1,0.5,compute,${macs},300,90,`,
    `${matMul},${matMul},MatMul,enc/layer.2,4,0.4,2,compute,${macs},100,10,wide-gemm`,
    `${tenth},${tenth},Add,enc/layer.10,1,0.1,,,${macs},,10,`,
  ])
})

describe('blocks', () => {
  test.each([
    ['/encoder/layer.0/MatMul', ['encoder', 'layer.0', 'MatMul'], 'encoder/layer.0'],
    ['a.b.c.d', ['a', 'b', 'c', 'd'], 'a/b'],
    ['alone', ['alone'], '(top)'],
    ['//', ['(no name)'], '(top)'],
    ['', ['(no name)'], '(top)'],
  ])('%j', (name, path, block) => {
    expect(pathOf({ name, origin: [] })).toEqual(path)
    expect(blockOf({ name, origin: [] })).toBe(block)
  })

  test('the first name of the user’s decides, and a path has an end', () => {
    expect(blockOf({ name: 'fused_1', origin: ['/a/b/c', '/d/e'] })).toBe('a/b')
    expect(pathOf({ name: 'x/'.repeat(40), origin: [] })).toHaveLength(12)
  })

  test('the tree adds up at every level', () => {
    const tree = blockTree(NODES)
    expect([tree.timeMs, tree.many]).toEqual([8, 4])
    const [enc, head] = tree.children
    expect([enc!.timeMs, head!.timeMs]).toEqual([6, 2])
    expect(enc!.children.map(({ path, timeMs, nodes }) => [path, timeMs, nodes])).toEqual([
      ['/enc/layer.2', 5, [0, 2]],
      ['/enc/layer.10', 1, [1]],
    ])
  })
})
