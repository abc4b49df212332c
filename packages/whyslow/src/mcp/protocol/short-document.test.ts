import { expect, test } from 'vitest'
import { shortDocument } from './short-document.ts'

const URI = 'whyslow://report/1'

test('keeps what decides, and says what it leaves out', () => {
  const document = {
    schema: 'whyslow-report/2',
    answer: 'slow',
    latency: { p50Ms: 2, samplesMs: [1, 2, 3], blocks: [{}] },
    nodes: [{ name: 'a' }],
    findings: [
      { rule: 'r', nodes: Array.from({ length: 15 }, (_, at) => `n${at}`), run: { command: 'fix', arguments: ['m.onnx'] } },
    ],
    fix: null,
  }
  expect(shortDocument(document, URI)).toEqual({
    schema: 'whyslow-report/2',
    answer: 'slow',
    latency: { p50Ms: 2 },
    findings: [
      { rule: 'r', nodes: Array.from({ length: 12 }, (_, at) => `n${at}`), run: { command: 'fix', arguments: ['m.onnx'] } },
    ],
    fix: null,
    document: URI,
    leftOut: { 'latency.samplesMs': null, 'latency.blocks': null, nodes: null, 'findings.0.nodes': 3 },
  })
})

test('changes nothing of the document', () => {
  const document = Object.freeze({ schema: 's', findings: Object.freeze([Object.freeze({ nodes: Object.freeze(['a']) })]) })
  expect(shortDocument(document, URI)).toMatchObject(document)
})
