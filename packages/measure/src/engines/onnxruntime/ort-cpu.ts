// ONNX Runtime's native binding for Node on the CPU: https://onnxruntime.ai/docs/get-started/with-javascript/node.html
// The package is the user's own if their project declares it: the verdict is about their service.
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import { placesOf } from '../find-package.ts'
import type { Availability, Engine, EngineOptions } from '../types.ts'
import { hasGpu } from './gpu-in-use.ts'
import { findOrt, INSTALL, loadOrt, openNodeSession, PACKAGE } from './ort-node.ts'

async function available({ packageFrom }: Pick<EngineOptions, 'packageFrom'>): Promise<Availability> {
  const found = findOrt(packageFrom)
  if (!found) return { ok: false, reason: `${PACKAGE} was not found ${placesOf(PACKAGE, packageFrom)}`, fix: INSTALL }
  try {
    const ort = await loadOrt(packageFrom)
    const backends = ort.listSupportedBackends?.() ?? []
    const accelerators = hasGpu() ? backends.flatMap((b) => (b.name === 'cpu' || !b.bundled ? [] : [b.name])) : []
    return { ok: true, version: found.version, device: 'cpu', deviceKind: 'cpu', from: found.folder, accelerators }
  } catch (error) {
    return { ok: false, reason: `${PACKAGE} ${found.version} does not load: ${firstLineOf(error)}`, fix: INSTALL }
  }
}

export const ortCpu: Engine = {
  id: 'ort-cpu',
  title: 'ONNX Runtime for Node, CPU',
  formats: ['onnx'],
  runs: 'graph',
  package: PACKAGE,
  offers: [
    'threads',
    'worker-threads',
    'configuration',
    'direct-call',
    'reused-outputs',
    'node-times',
    'executed-graph',
    'roofs',
    'synchronous',
    'reference',
    'shipped',
  ],
  available,
  open: (modelFile, options) => openNodeSession(modelFile, options),
}
