/** What keeps people with screen readers, keyboards and weak eyes from using a page, as far as a program can tell. */
import type { Page } from 'playwright-core';

/** Sentences, none for a page without such faults. */
export function accessibilityFaults(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    const isShown = (element: Element) => element.checkVisibility({ checkOpacity: false, checkVisibilityCSS: true });
    const shown = [...document.body.querySelectorAll('*')].filter(isShown);
    const nameOf = (element: Element): string => {
      const labels = [...((element as HTMLInputElement).labels ?? [])].map((label) => label.textContent);
      const others = (element.getAttribute('aria-labelledby') ?? '')
        .split(' ')
        .map((id) => document.getElementById(id)?.textContent ?? '');
      const own = element.matches('input, textarea, select') ? '' : element.textContent;
      return [element.getAttribute('aria-label') ?? '', ...labels, ...others, own].join('').trim();
    };
    for (const element of shown) {
      if (element.matches('button, a[href], input, textarea, select, nav, dialog, section') && nameOf(element) === '')
        faults.push(`no name: ${element.outerHTML.slice(0, 120)}`);
      if (element.matches('img:not([alt])')) faults.push(`no alternative: ${element.outerHTML.slice(0, 120)}`);
      if (Number(element.getAttribute('tabindex') ?? 0) > 0) faults.push(`an order of its own: ${element.id}`);
      if (element.matches('button') && (element.clientHeight < 24 || element.clientWidth < 24))
        faults.push(`too small to hit: ${nameOf(element)}`);
    }
    if (document.documentElement.lang === '') faults.push('the page has no language');
    if (shown.filter((element) => element.matches('main')).length !== 1) faults.push('not exactly one main part');
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
    if (new Set(ids).size < ids.length) faults.push('an id is there twice');
    if (document.documentElement.scrollWidth > document.documentElement.clientWidth)
      faults.push('wider than the window');
    return faults;
  });
}

/** WCAG 2.2 section 1.4.3: texts whose contrast with what is behind them is below 4.5. */
export function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const canvas = document
      .createElement('canvas')
      .getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
    const rgb = (color: string): number[] => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = (color: number[]): number => {
      const [r = 0, g = 0, b = 0] = color.map((part) => {
        const value = part / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element: Element | null): number[] => {
      for (let one = element; one; one = one.parentElement) {
        const color = rgb(getComputedStyle(one).backgroundColor);
        if (color[3] === 255) return color;
      }
      return [255, 255, 255, 255];
    };
    const texts = [...document.body.querySelectorAll<HTMLElement>('*')].filter((element) => {
      const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.nodeValue?.trim() !== '');
      return hasText && element.checkVisibility() && !element.closest('.unseen, :disabled, noscript, script');
    });
    return texts.flatMap((element) => {
      const [one, other] = [luminance(rgb(getComputedStyle(element).color)), luminance(behind(element))];
      const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      return contrast < 4.5 ? [`${contrast.toFixed(2)}: ${element.textContent?.trim().slice(0, 40)}`] : [];
    });
  });
}
