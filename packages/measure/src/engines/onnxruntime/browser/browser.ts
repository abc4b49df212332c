// The browser of this process: started once, its page shared by the process's sessions, ended by `endBrowser`. Chromium is told what
// to do over a pipe, so it ends by itself when this process does, however that happens. Its profile and other files are in the folder
// for temporary files, which is the trial's own and goes with it.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Playwright from 'playwright-core'
import type { BrowserContext, Page } from 'playwright-core'
import { findPackage } from '../../find-package.ts'
import type { EnginePlaces } from '../../types.ts'
import { hasGpu } from '../gpu-in-use.ts'
import { findWeb, INSTALL_WEB, WEB_PACKAGE } from '../ort-web.ts'
import { BROWSER_FIX, findBrowser } from './find-browser.ts'
import { type PageServer, startServer } from './server.ts'

export type Provider = 'wasm' | 'webgpu'

export interface Browser {
  /** 'Chromium 156.0.8078.79' */
  readonly name: string
  readonly page: Page
  readonly server: PageServer
}

interface Started extends Browser {
  readonly provider: Provider
  readonly context: BrowserContext
  readonly profile: string
}

let started: Promise<Started> | undefined

const QUIET = [
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
/** Flags for WebGPU: without a screen, Chromium offers no WebGPU by itself on Linux. */
const WEBGPU = ['--enable-unsafe-webgpu', '--enable-features=Vulkan']
const SOFTWARE_WEBGPU = ['--disable-gpu', ...WEBGPU, '--use-webgpu-adapter=swiftshader']

function flags(provider: Provider): string[] {
  if (provider === 'wasm') return ['--disable-gpu', ...QUIET]
  return [...(hasGpu() ? WEBGPU : SOFTWARE_WEBGPU), ...QUIET]
}

/** The running browser; another provider than the one it was started for needs another process. Throws if it cannot start. */
export async function browserFor(provider: Provider, options: EnginePlaces): Promise<Browser> {
  started ??= start(provider, options)
  const browser = await started
  if (browser.provider !== provider)
    throw new Error(`this process's browser runs ${browser.provider}; ${provider} needs another process`)
  return browser
}

export const DRIVER = 'playwright-core'

export const findDriver = () => findPackage(DRIVER, null)

async function loadDriver(): Promise<typeof Playwright> {
  const found = findDriver()
  if (!found) throw new Error(`${DRIVER} was not found`)
  const module = (await import(pathToFileURL(found.entry).href)) as { readonly default: typeof Playwright }
  return module.default
}

async function start(provider: Provider, options: EnginePlaces): Promise<Started> {
  const web = findWeb(options.packageFrom)
  if (!web) throw new Error(`${WEB_PACKAGE} was not found; ${INSTALL_WEB}`)
  const found = findBrowser(options)
  if ('reason' in found) throw new Error(`${found.reason}; ${BROWSER_FIX}`)
  const { chromium } = await loadDriver()
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-browser-'))
  try {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: found.path,
      headless: true,
      // Chromium's sandbox does not start for root; the page loads nothing but what is served here.
      chromiumSandbox: process.getuid?.() !== 0,
      args: flags(provider),
    })
    const server = await startServer(path.join(web.folder, 'dist'))
    const page = context.pages()[0] ?? (await context.newPage())
    page.on('crash', () => process.exit(3))
    await page.goto(server.url)
    await page.waitForFunction('globalThis.whyslow !== undefined')
    return { provider, context, profile, page, server, name: `Chromium ${context.browser()?.version() ?? ''}`.trim() }
  } catch (error) {
    fs.rmSync(profile, { recursive: true, force: true })
    throw error
  }
}

/** Closes browser and server and removes the profile; nothing happens where none runs. */
export async function endBrowser(): Promise<void> {
  const ending = started
  started = undefined
  const browser = await ending?.catch(() => undefined)
  if (!browser) return
  browser.server.close()
  await browser.context.close().catch(() => {})
  fs.rmSync(browser.profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
}
