import type { ButtonHTMLAttributes } from "preact";

/** Lines on a grid of 24, drawn for this page; what they mean is said by the label of their button. */
const PATHS = {
  menu: "M4 7h16M4 12h16M4 17h16",
  plus: "M12 5v14M5 12h14",
  send: "M12 19V5M6 11l6-6 6 6",
  stop: "M7 7h10v10H7z",
  settings: "M4 8h8M16 8h4M4 16h4M12 16h8M14 6v4M10 14v4",
  copy: "M9 9h10v10H9zM5 15V5h10",
  edit: "M5 19h3L19 8l-3-3L5 16zM14 7l3 3",
  again: "M19 12a7 7 0 1 1-2-5M19 4v4h-4",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  left: "M14 6l-6 6 6 6",
  right: "M10 6l6 6-6 6",
  down: "M6 10l6 6 6-6",
  close: "M6 6l12 12M18 6L6 18",
  check: "M5 12l5 5 9-10",
  go: "M8 5l10 7-10 7z",
  light: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.500 1.500M17.500 17.500L19 19M5 19l1.500-1.500M17.500 6.500L19 5",
  dark: "M20 14A8.500 8.500 0 0 1 10 4a8 8 0 1 0 10 10z",
  system: "M4 5h16v11H4zM9 20h6M12 16v4",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { icon: IconName; label: string };

/** A button that is an icon; the label is read to those who do not see it, and shown on hovering. */
export function IconButton({ icon, label, class: more, ...rest }: ButtonProps) {
  return (
    <button type="button" class={`icon-button ${String(more ?? "")}`} aria-label={label} title={label} {...rest}>
      <Icon name={icon} />
    </button>
  );
}
