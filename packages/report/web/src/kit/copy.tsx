// Buttons that copy a text or save a file. A page from a file may not be allowed to use the clipboard: then the text is selected.
import { useState } from 'preact/hooks'
import type { Finding } from '../page-data.ts'

const SHOWN_MS = 1500

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copyBySelection(text)
  }
}

function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'away'
  document.body.append(area)
  area.select()
  try {
    return document.execCommand('copy')
  } catch {
    return false
  } finally {
    area.remove()
  }
}

export function CopyButton({ text, label }: { text: string | (() => string); label: string }) {
  const [said, say] = useState('')
  const copy = async () => {
    const copied = await copyText(typeof text === 'string' ? text : text())
    say(copied ? 'Copied' : 'Select and copy by hand')
    setTimeout(() => say(''), SHOWN_MS)
  }
  return (
    <button type="button" class="button" onClick={copy} aria-label={label} title={label}>
      <span aria-live="polite">{said || 'Copy'}</span>
    </button>
  )
}

/** Only letters that every file system takes. */
const fileName = (text: string): string =>
  text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-.]+/, '')
    .slice(0, 80) || 'report'

export function saveFile(name: string, text: string, type = 'application/json'): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = fileName(name)
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** A command with the button that copies it. Its words stay whole: a browser would break `--shape` at its dashes. */
export function Command({ text }: { text: string }) {
  return (
    <div class="command">
      <code>
        {text.split(' ').map((word, index) => (
          <span key={`${index} ${word}`}>
            {index > 0 && ' '}
            <span class="word">{word}</span>
          </span>
        ))}
      </code>
      <CopyButton text={text} label="Copy the command" />
    </div>
  )
}

/** What a document says to type next, after `whyslow`: words, or text as a shell takes it in documents from before they were given. */
export function nextWords({ next, run }: Pick<Finding, 'next' | 'run'>): string | readonly string[] {
  if (run) return [...(run.command === '' ? [] : [run.command]), ...run.arguments]
  return (next ?? '').replace(/^whyslow /, '')
}

/** A word that a shell would not take unchanged is quoted. */
export const quoteWords = (words: string | readonly string[]): string =>
  typeof words === 'string'
    ? words
    : words.map((word) => (/^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`)).join(' ')

export function NextCommand({ lead, command }: { lead: string; command: string | readonly string[] }) {
  return (
    <div class="next-command">
      <p>{lead}</p>
      <Command text={`npx whyslow ${quoteWords(command)}`} />
    </div>
  )
}
