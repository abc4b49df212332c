// The user's source with probes: each site that source.ts names tells when it is run. Only text is put in, on the lines that are there, so
// that lines stay what they were. Where the code runs in a thread or a realm that has no probes (a worker, a function passed as text), it does
// what it did.
import { PROBES } from './probes.ts'
import { readSource, type Site } from './source.ts'

/** `key`: what the file is called in keys. The text as it is if it cannot be parsed. */
export function withProbes(text: string, file: string, key: string): string {
  const read = readSource(text, file)
  if (read === null) return text
  const added: { at: number; text: string; order: number }[] = []
  let order = 0
  const put = (at: number, what: string) => added.push({ at, text: what, order: order++ })
  const ends: { at: number; text: string; size: number }[] = []
  for (const [number, site] of read.sites.entries()) {
    const name = JSON.stringify(`${key}#${number}`)
    if (site.kind === 'loop') putLoop(site, name, put)
    else {
      // It begins with a name, as what it wraps does, so that the end of the line before stays one.
      put(site.start, `${orElse('e', '(k,b,v)=>v')}(${name},globalThis.${PROBES}?.b(${name}),`)
      ends.push({ at: site.end, text: ')', size: site.end - site.start })
      if (site.argument !== null) {
        put(site.argument.start, `${orElse('a', '(k,v)=>v')}(${name},`)
        ends.push({ at: site.argument.end, text: ')', size: site.argument.end - site.argument.start })
      }
    }
  }
  // What ends at one place ends from the inside out, and before anything begins there.
  ends.sort((a, b) => a.at - b.at || a.size - b.size)
  const all = [...ends.map(({ at, text: what }, k) => ({ at, text: what, order: k - 1e9 })), ...added]
  all.sort((a, b) => a.at - b.at || a.order - b.order)
  return spliced(text, all)
}

/** The probe, or if there is none what hands on its last argument. */
const orElse = (probe: string, instead: string): string => `Object(globalThis.${PROBES}??{${probe}:${instead}}).${probe}`

function putLoop({ start, end, braces, arrays }: Site, name: string, put: (at: number, what: string) => void): void {
  const global = `globalThis.${PROBES}`
  const probe = `if(${global}?.t(${name})){try{${global}.v(${name},[${arrays.join(',')}])}catch{}}`
  if (braces) put(start + 1, probe)
  else {
    put(start, `{${probe}`)
    put(end, '}')
  }
}

function spliced(text: string, added: readonly { readonly at: number; readonly text: string }[]): string {
  const parts: string[] = []
  let from = 0
  for (const { at, text: what } of added) {
    parts.push(text.slice(from, at), what)
    from = at
  }
  parts.push(text.slice(from))
  return parts.join('')
}
