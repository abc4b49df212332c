// An engine that is one execution provider of onnxruntime-node: is its library here, does it find a device, and do nodes run on it?
// A provider that the build has may still lack libraries or a device, and says so only when a session is opened: so availability
// opens a session with one node. It runs in a process of its own (measure/describe-engine.ts), since a driver can end a process.
import fs from 'node:fs'
import path from 'node:path'
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import { placesOf } from '../find-package.ts'
import type { Availability, DeviceKind, Engine, EngineOffer, EngineOptions } from '../types.ts'
import { findOrt, INSTALL, loadOrt, openNodeSession, PACKAGE } from './ort-node.ts'
import type { Provider } from './ort-options.ts'

export interface FoundDevice {
  readonly device: string
  readonly deviceKind: DeviceKind
}

export interface ProviderDescription {
  readonly id: string
  readonly title: string
  /** Its name in the binding's list of backends. */
  readonly backend: string
  readonly provider: Provider
  readonly accelerator: NonNullable<Engine['accelerator']>
  readonly offers: readonly EngineOffer[]
  /** Where builds have it, in words, for those where it is absent. */
  readonly builds: string
  /** The library that the npm package does not bring, and the line that does; null if all is bundled. */
  readonly library: { readonly file: string; readonly install: string } | null
  /** What to do when a session cannot be opened. */
  readonly fixFor: (message: string) => string
  /** The device in use, once a session has run. */
  readonly device: () => FoundDevice
}

export function providerEngine(
  about: ProviderDescription,
): Pick<Engine, 'formats' | 'runs' | 'package' | 'id' | 'title' | 'accelerator' | 'offers' | 'available' | 'open'> {
  const { id, title, accelerator, offers, provider } = about
  return {
    id,
    title,
    formats: ['onnx'],
    runs: 'graph',
    package: PACKAGE,
    accelerator,
    offers,
    available: (options) => availableOn(about, options),
    open: (modelFile, options) => openNodeSession(modelFile, options, [provider, 'cpu']),
  }
}

async function availableOn(
  about: ProviderDescription,
  { packageFrom }: Pick<EngineOptions, 'packageFrom'>,
): Promise<Availability> {
  const found = findOrt(packageFrom)
  if (!found) return { ok: false, reason: `${PACKAGE} was not found ${placesOf(PACKAGE, packageFrom)}`, fix: INSTALL }
  const absent = (reason: string, fix: string): Availability => ({ ok: false, reason, fix })
  try {
    const ort = await loadOrt(packageFrom)
    const backend = ort.listSupportedBackends().find(({ name }) => name === about.backend)
    const place = `${process.platform} ${process.arch}`
    if (!backend)
      return absent(
        `${PACKAGE} ${found.version} for ${place} has no ${about.backend} provider`,
        `run it where builds have it: ${about.builds}`,
      )
    try {
      const session = await ort.InferenceSession.create(await probeModel(), {
        executionProviders: [about.provider],
        logSeverityLevel: 4,
      })
      await session.run({ x: new ort.Tensor('float32', new Float32Array(4), [4]) })
      await session.release()
    } catch (error) {
      const message = firstLineOf(error)
      if (
        about.library !== null &&
        !fs.existsSync(path.join(found.folder, 'bin/napi-v6', process.platform, process.arch, about.library.file))
      )
        return absent(`${about.library.file} of ${PACKAGE} ${found.version} is not installed`, about.library.install)
      return absent(shortened(message), about.fixFor(message))
    }
    const device = about.device()
    const accelerators = device.deviceKind === 'software-gpu' ? [] : [device.device]
    return { ok: true, version: found.version, ...device, from: found.folder, accelerators }
  } catch (error) {
    return absent(`${PACKAGE} ${found.version} does not load: ${firstLineOf(error)}`, INSTALL)
  }
}

/** Native messages begin with where in the engine's source they come from, and say the point last. */
function shortened(message: string): string {
  const point = /(?:was false\. |Failed to load library |ORT_RUNTIME_EXCEPTION : )(.*)$/.exec(message)?.[1] ?? message
  return point
    .replace(/^\/\S+\s+/, '')
    .trim()
    .slice(0, 300)
}

/** y = x + 1. What writes models is loaded here, as every trial's process loads this file. */
async function probeModel(): Promise<Uint8Array> {
  const { floatTensor, model, node, valueInfo, writeModel } = await import('@whyslow/graph/build.ts')
  return writeModel(
    model({
      nodes: [node('Add', ['x', 'one'], ['y'])],
      inputs: [valueInfo('x', 'float32', [4])],
      outputs: [valueInfo('y', 'float32', [4])],
      initializers: [floatTensor('one', [1], [1])],
    }),
  )
}
