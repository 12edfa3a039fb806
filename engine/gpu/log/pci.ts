const HEX = "[0-9a-f]";
/** A bus has 32 devices. */
const DEVICE = "[01][0-9a-f]";
const FORMS = [
  // 0000:3b:00.0, 00000000:3B:00.0, 0000:3b:00
  new RegExp(`^(${HEX}{4}|${HEX}{8}):(${HEX}{2}):(${DEVICE})(?:\\.([0-7]))?$`),
  // 3b:00.0 as lspci prints it without a domain.
  new RegExp(`^()(${HEX}{2}):(${DEVICE})\\.([0-7])$`),
  // 0003:00 as drivers of the 3xx branches print it: the bus in four digits, and no domain.
  new RegExp(`^()00(${HEX}{2}):(${DEVICE})$`),
];

/**
 * A PCI address as lower case `dddd:bb:dd.f`, from any spelling in logs and tools: with a `PCI:` in front, in upper case,
 * without a function (`.0` is put there), without a domain, or with one of eight digits, which is cut to four when the
 * upper digits are zero. Undefined when the text is no PCI address.
 */
export function normalizePci(text: string): string | undefined {
  const plain = text.trim().toLowerCase().replace(/^pci:/, "");
  for (const form of FORMS) {
    const match = form.exec(plain);
    if (match === null) continue;
    const [, domain = "", bus, device, pciFunction = "0"] = match;
    const shortDomain = domain === "" ? "0000" : domain.replace(/^0000(?=[0-9a-f]{4}$)/, "");
    return `${shortDomain}:${bus}:${device}.${pciFunction}`;
  }
  return undefined;
}
