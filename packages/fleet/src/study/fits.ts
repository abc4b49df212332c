/** What fits `pattern`, in which * stands for anything. */
export const fits = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`, 's').test(text)

const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
