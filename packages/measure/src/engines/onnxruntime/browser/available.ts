// Is there a browser to measure in, and what does its page compute on? The browser is started to find out.
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import { installCommand, placesOf } from '../../find-package.ts'
import type { Availability, DeviceKind, EnginePlaces } from '../../types.ts'
import { softwareName } from '../gpu-in-use.ts'
import { findWeb, webNotInstalled } from '../ort-web.ts'
import { browserFor, DRIVER, endBrowser, findDriver, type Provider } from './browser.ts'
import { BROWSER_FIX, findBrowser } from './find-browser.ts'
import type { AdapterInfo, PageFacts } from './page.ts'

export async function availableInBrowser(provider: Provider, options: EnginePlaces): Promise<Availability> {
  const web = findWeb(options.packageFrom)
  if (!web) return webNotInstalled(options.packageFrom)
  if (!findDriver()) {
    const reason = `${DRIVER}, which drives the browser, was not found ${placesOf(DRIVER, null)}`
    return { ok: false, reason, fix: installCommand(DRIVER) }
  }
  const found = findBrowser(options)
  if ('reason' in found) return { ok: false, reason: found.reason, fix: BROWSER_FIX }
  try {
    const browser = await browserFor(provider, options)
    const facts = (await browser.page.evaluate('globalThis.whyslow.facts()')) as PageFacts
    if (!facts.isolated)
      return { ok: false, reason: `${browser.name} does not isolate the page, so it gives it no threads`, fix: BROWSER_FIX }
    const device = deviceOf(provider, facts)
    if (device === null) {
      return {
        ok: false,
        reason: `${browser.name} offers no WebGPU adapter`,
        fix: "install the GPU's driver (Linux: its Vulkan driver), or name another browser with --browser PATH",
      }
    }
    const accelerators = device.deviceKind === 'gpu' ? [device.device] : []
    return { ok: true, version: `${web.version} in ${browser.name}`, ...device, from: web.folder, accelerators }
  } catch (error) {
    return { ok: false, reason: `${found.path} does not start: ${firstLineOf(error)}`, fix: BROWSER_FIX }
  } finally {
    await endBrowser()
  }
}

function deviceOf(
  provider: Provider,
  { adapter }: PageFacts,
): { readonly device: string; readonly deviceKind: DeviceKind } | null {
  if (provider === 'wasm') return { device: 'cpu', deviceKind: 'cpu' }
  return adapter ? adapterDevice(adapter) : null
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render|warp/i

/** What a page is told of a GPU is coarse on purpose: its vendor and its generation. */
export function adapterDevice(info: AdapterInfo): { readonly device: string; readonly deviceKind: DeviceKind } {
  const words = [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(' ')
  const software = info.isFallbackAdapter || SOFTWARE.test(words)
  if (!software) return { device: info.description || `${words || 'unnamed'} GPU`, deviceKind: 'gpu' }
  return {
    device: softwareName(/swiftshader/i.test(words) ? 'SwiftShader' : /llvmpipe|lavapipe/i.test(words) ? 'llvmpipe' : words),
    deviceKind: 'software-gpu',
  }
}
