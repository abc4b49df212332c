// A session in the page, from Node's side. Model and feeds are served and fetched once; a prediction asked from here is one call
// through the browser's pipe, which costs about a millisecond, so timing is left to the page (`sample`).
import fs from 'node:fs'
import type { Feeds, OpenOptions, Session } from '../../types.ts'
import { browserFor, type Provider } from './browser.ts'
import type { PageCalls, PageOpen } from './page.ts'
import { decode, encode } from './wire.ts'

type Call = keyof PageCalls

export async function openInBrowser(provider: Provider, modelFile: string, options: OpenOptions): Promise<Session> {
  const { page, server } = await browserFor(provider, options)
  const call = async <K extends Call>(name: K, ...args: Parameters<PageCalls[K]>): Promise<Awaited<ReturnType<PageCalls[K]>>> => {
    try {
      // Typed on both sides by PageCalls; the function itself crosses as text.
      return (await page.evaluate(
        ([called, given]) =>
          (globalThis as never as { whyslow: Record<string, (...a: unknown[]) => unknown> }).whyslow[called]!(...given),
        [name, args] as unknown as [string, unknown[]],
      )) as Awaited<ReturnType<PageCalls[K]>>
    } catch (error) {
      throw new Error(pageMessage(error))
    }
  }
  const { threads, graphOptimization, executionMode, configEntries, tensorsOnDevice, profilePrefix } = options
  const model = server.offer({ file: modelFile })
  const { externalFiles } = await import('../external-data.ts')
  const files = externalFiles(fs.readFileSync(modelFile), modelFile).map((file) => ({
    path: file.name,
    offer: server.offer({ file: file.path }),
  }))
  const asked: PageOpen = {
    provider,
    modelUrl: model.url,
    external: files.map(({ path, offer }) => ({ path, url: offer.url })),
    options: { threads, graphOptimization, executionMode, configEntries, ...(tensorsOnDevice ? { tensorsOnDevice } : {}) },
    profiling: profilePrefix !== undefined,
  }
  const opened = await call('open', asked).finally(() => {
    model.withdraw()
    for (const { offer } of files) offer.withdraw()
  })
  const bind = async (sets: readonly Feeds[]): Promise<number[]> => {
    const offer = server.offer(encode(sets))
    return call('bind', opened.id, offer.url).finally(() => offer.withdraw())
  }
  /** Sets that are sampled several times are bound once: binding fills buffers on the device. */
  const boundOnce = new Map<readonly Feeds[], Promise<number[]>>()
  const bindOnce = (sets: readonly Feeds[]): Promise<number[]> => {
    const numbers = boundOnce.get(sets) ?? bind(sets)
    boundOnce.set(sets, numbers)
    return numbers
  }
  return {
    inputs: opened.inputs,
    outputs: opened.outputs,
    threads: opened.threads,
    async run(feeds) {
      const [number] = await bind([feeds])
      const result = server.expect()
      await call('run', number!, result.url)
      return decode(await result.body)[0]!
    },
    prepare(feeds) {
      const bound = bind([feeds])
      return async () => call('predict', (await bound)[0]!)
    },
    sample: async (sets, plan) => call('sample', await bindOnce(sets), plan),
    async endProfiling() {
      if (profilePrefix === undefined) return null
      const trace = server.expect()
      await call('endProfiling', opened.id, trace.url)
      const file = `${profilePrefix}page.json`
      fs.writeFileSync(file, await trace.body)
      return file
    },
    close: () => call('close', opened.id),
  }
}

/** Playwright puts where it was called before the page's own words, and a stack after them. */
function pageMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message
    .replace(/^page\.evaluate: (Error: )?/, '')
    .split('\n')
    .filter((line) => !/^\s+at /.test(line))
    .join(' ')
    .trim()
}
