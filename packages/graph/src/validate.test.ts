import type { ModelProto } from 'onnx-buf'
import { describe, expect, test } from 'vitest'
import { customDomains } from '../test/support/custom-domains.ts'
import { floatTensor, graph, model, modelFunction, node, rawTensor, valueInfo } from './build.ts'
import { problemsOf } from './validate.ts'

const x = valueInfo('x', 'float32', [1])
const y = valueInfo('y', 'float32', [1])
const parts = { inputs: [x], outputs: [y] }
const sound = () => model({ ...parts, nodes: [node('Relu', ['x'], ['y'])] })

function changed(change: (proto: ModelProto) => void): ModelProto {
  const proto = sound()
  change(proto)
  return proto
}

function codes(proto: ModelProto): string[] {
  return problemsOf(proto).map(({ code }) => code)
}

describe('problemsOf', () => {
  test('nothing in a sound model, also with omitted outputs, outer values and nodes out of order', () => {
    const branch = graph({ nodes: [node('Neg', ['late'], ['b'])], outputs: [valueInfo('b', 'float32', [1])] })
    const nodes = [
      node('If', ['flag'], ['y'], { then_branch: branch, else_branch: branch }),
      node('Dropout', ['x', '', ''], ['late', '']),
      node('Split', ['x'], ['', ''], { axis: 0 }),
    ]
    expect(problemsOf(model({ inputs: [x, valueInfo('flag', 'bool', [])], outputs: [y], nodes }))).toEqual([])
    expect(problemsOf(sound())).toEqual([])
  })

  test('an initializer that is listed as input is no duplicate', () => {
    const proto = model({ ...parts, nodes: [node('Relu', ['x'], ['y'])], initializers: [floatTensor('x', [1], [1])] })
    expect(problemsOf(proto)).toEqual([])
  })

  test('what makes it no model', () => {
    expect(codes(changed((proto) => delete proto.graph))).toEqual(['no-graph'])
    expect(codes(changed((proto) => Object.assign(proto, { irVersion: 0n })))).toEqual(['no-ir-version'])
    expect(codes(changed((proto) => Object.assign(proto, { opsetImport: [] })))).toEqual(['no-opset'])
    expect(codes(changed((proto) => Object.assign(proto.graph!.node[0]!, { opType: '' })))).toEqual(['no-operator'])
  })

  test('a value made twice, a value made nowhere', () => {
    const twice = problemsOf(
      model({
        ...parts,
        nodes: [node({ opType: 'Relu', name: 'a' }, ['x'], ['y']), node({ opType: 'Neg', name: 'b' }, ['x'], ['y'])],
      }),
    )
    expect(twice.map(({ message }) => message)).toEqual([
      "Value 'y' is made twice, by node 'a' (Relu) and by node 'b' (Neg); give each its own name",
    ])
    expect(codes(model({ ...parts, nodes: [node('Add', ['x', 'lost'], ['y'])] }))).toEqual(['undefined-value'])
    expect(codes(model({ ...parts, nodes: [node('Relu', ['x'], ['other'])] }))).toEqual(['undefined-value'])
    expect(codes(model({ ...parts, nodes: [node('Relu', ['x'], ['x'])] }))).toContain('duplicate-value')
  })

  test('inside subgraphs and functions, with their place', () => {
    const branch = graph({ nodes: [node('Neg', ['lost'], ['b'])], outputs: [valueInfo('b', 'float32', [1])] })
    const proto = model({
      inputs: [valueInfo('flag', 'bool', [])],
      outputs: [y],
      nodes: [node({ opType: 'If', name: 'choose' }, ['flag'], ['y'], { then_branch: branch, else_branch: branch })],
      functions: [modelFunction({ name: 'F', domain: 'local', inputs: [], outputs: ['o'], nodes: [node('Neg', ['i'], ['o'])] })],
    })
    const messages = problemsOf(proto).map(({ message }) => message)
    expect(messages).toHaveLength(3)
    expect(messages[0]).toContain("made nowhere in 'then_branch' of node 'choose' (If)")
    expect(messages[2]).toContain("function 'F'")
  })

  test('a ring, also through a subgraph', () => {
    const ring = problemsOf(
      model({
        ...parts,
        nodes: [node({ opType: 'Add', name: 'add' }, ['x', 'b'], ['y']), node({ opType: 'Neg', name: 'neg' }, ['y'], ['b'])],
      }),
    )
    expect(ring).toHaveLength(1)
    expect(ring[0]!.message).toMatch(/in a ring: '(add|neg)'.*'(add|neg)'/)
    const branch = graph({ nodes: [node('Neg', ['y'], ['b'])], outputs: [valueInfo('b', 'float32', [1])] })
    const flag = valueInfo('flag', 'bool', [])
    const self = model({
      inputs: [flag],
      outputs: [y],
      nodes: [node('If', ['flag'], ['y'], { then_branch: branch, else_branch: branch })],
    })
    expect(problemsOf(self)[0]!.message).toContain('reads its own output')
  })

  test('tensors that do not hold what they declare', () => {
    const nodes = [
      node('Constant', [], ['c'], { value: rawTensor('', 'float32', [2], new Uint8Array(4)) }),
      node('Relu', ['x'], ['y']),
    ]
    const initializers = [rawTensor('w', 'int4', [3], new Uint8Array(1))]
    const messages = problemsOf(model({ ...parts, nodes, initializers })).map(({ message }) => message)
    // 3 elements of 4 bits need 2 bytes.
    expect(messages).toEqual([
      "Tensor 'w' holds 1 bytes, but its shape needs 2; export the model again",
      "Tensor 'c' holds 4 bytes, but its shape needs 8; export the model again",
    ])
  })
})

test('customDomains: what neither an engine nor the model itself defines', () => {
  const nodes = ['', 'ai.onnx.ml', 'com.microsoft', 'com.microsoft.nchwc', 'local', 'org.b', 'com.a'].map((domain) =>
    node({ opType: 'F', domain }, [], []),
  )
  const functions = [modelFunction({ name: 'F', domain: 'local', inputs: [], outputs: [], nodes: [] })]
  expect(customDomains(model({ nodes, outputs: [], functions }))).toEqual(['com.a', 'org.b'])
})
