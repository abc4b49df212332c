import type { ModelProto } from 'onnx-buf'
import { nodesOf } from '../../src/walk.ts'

/** Domains that engines bring operators for. */
const KNOWN_DOMAINS: ReadonlySet<string> = new Set(['', 'ai.onnx', 'ai.onnx.ml', 'ai.onnx.training', 'ai.onnx.preview.training'])

/** Domains of operators that no engine brings and the model does not define: they need a custom operator library. */
export function customDomains(proto: ModelProto): string[] {
  const defined = new Set(proto.functions.map(({ domain }) => domain))
  const foreign = (domain: string) => !KNOWN_DOMAINS.has(domain) && !domain.startsWith('com.microsoft') && !defined.has(domain)
  return [...new Set(nodesOf(proto).map(({ domain }) => domain))].filter(foreign).sort()
}
