/** Symbols in math mode, and their LaTeX commands. */
const SYMBOLS: Readonly<Record<string, string>> = {
  ...{ α: '\\alpha', β: '\\beta', γ: '\\gamma', δ: '\\delta', ε: '\\varepsilon', η: '\\eta' },
  ...{ λ: '\\lambda', μ: '\\mu', ρ: '\\rho', σ: '\\sigma', Φ: '\\Phi' },
  ...{ '±': '\\pm', '≥': '\\ge', '≤': '\\le', '×': '\\times', '−': '-', '∞': '\\infty', '→': '\\to' },
}

const TEXT: Readonly<Record<string, string>> = {
  ...{ '\\': '\\textbackslash{}', '~': '\\textasciitilde{}', '^': '\\textasciicircum{}' },
  ...{ '|': '\\textbar{}', '<': '\\textless{}', '>': '\\textgreater{}' },
  ...{ '–': '--', '—': '---', '…': '\\ldots{}', '\u00a0': '~', '\u2011': '-' },
}

/** A symbol that is always in math mode. */
const SYMBOL =
  '\\|D_nh\\||ℓ2|ℓ∞|√\\d+|D_nh|p_A|[αβγδεηλμρσΦ±≥≤×−∞→]|(?<![\\p{L}\\d_])[rn](?![\\p{L}\\d_])|(?<=^|[\\s(])[-+]\\d+(?:\\.\\d+)?(?![\\p{L}\\d_])'
/** Math only beside an operator: a single letter, a number, a fraction. */
const OPERAND = `(?:${SYMBOL}|(?<![\\p{L}\\d_])(?:n0|[MKT])(?![\\p{L}\\d_])|(?<![\\p{L}\\d_.])[-+]?\\d+(?:,\\d{3})*(?:\\.\\d+)?(?:/\\d+)?(?![\\p{L}\\d_]))`
const OPERATOR = '(?:\\s*[=≥≤±−×→]\\s*| / )'
const MATH = new RegExp(`${OPERAND}(?:${OPERATOR}${OPERAND})+|${SYMBOL}`, 'gu')

/**
 * Escapes text for LaTeX: commands are escaped; symbols and equations are in math mode.
 *
 * @example
 * latexText('ℓ2 radius r = 0.5 & more') // => '$\\ell_2$ radius $r = 0.5$ \\& more'
 */
export function latexText(text: string): string {
  let done = 0
  let written = ''
  for (const { 0: found, index } of text.matchAll(MATH)) {
    written += `${escapeText(text.slice(done, index))}$${mathOf(found)}$`
    done = index + found.length
  }
  return written + escapeText(text.slice(done))
}

function mathOf(text: string): string {
  return text
    .replace(/ℓ2/g, '\\ell_2')
    .replace(/ℓ∞/g, '\\ell_\\infty')
    .replace(/(\d),(?=\d{3})/g, '$1{,}')
    .replace(/√(\d+)/g, '\\sqrt{$1}')
    .replace(/D_nh/g, 'D_{nh}')
    .replace(/n0/g, 'n_0')
    .replace(/[αβγδεηλμρσΦ±≥≤×−∞→]/gu, symbol => SYMBOLS[symbol] ?? symbol)
}

function escapeText(text: string): string {
  return text
    .replace(/[\\~^|<>–—…\u00a0\u2011]|[&%$#_{}]/gu, character => TEXT[character] ?? `\\${character}`)
    .replace(/\s*\n\s*/g, ' ')
}
