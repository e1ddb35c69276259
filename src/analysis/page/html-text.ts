const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Escapes text for an attribute, or for text whose lines may break anywhere. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character] as string)
}

/** Phrases that read as one word: the method's name, `σ = 0.5`, `95 %`. */
const ONE_WORD = /FT-CADIS|[\p{L}\d]+ = -?\d+(?:\.\d+)?|\d+(?:\.\d+)? %/gu

/** Escapes text of a page, without line breaks inside names or between a number and its unit. */
export function htmlText(text: string): string {
  return escapeHtml(text).replace(ONE_WORD, word => `<span class="word">${word}</span>`)
}

/** Makes a frame that scrolls, also by keyboard, on narrow pages; shadows show on which side there is more. */
export function scrollable(label: string, content: string): string {
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(label)}">\n${content}\n</div>`
}
