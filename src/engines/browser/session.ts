// A session in the page, from Node's side. Model and feeds are served and fetched once; a prediction asked from here is one call
// through the browser's pipe, which costs about a millisecond, so timing is left to the page (`sample`).
import fs from 'node:fs'
import type { Feeds, OpenOptions, Session } from '../types.ts'
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
  const { threads, graphOptimization, executionMode, configEntries } = options
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
    options: { threads, graphOptimization, executionMode, configEntries },
  }
  const opened = await call('open', asked).finally(() => {
    model.withdraw()
    for (const { offer } of files) offer.withdraw()
  })
  const bind = async (sets: readonly Feeds[]): Promise<number[]> => {
    const offer = server.offer(encode(sets))
    return call('bind', opened.id, offer.url).finally(() => offer.withdraw())
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
    sample: async (sets, plan) => call('sample', await bind(sets), plan),
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
