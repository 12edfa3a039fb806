import type { JinjaRow } from "./record.ts";

/** Template and the text that Jinja2 3.1.6 gives for `RECORD`. */
export const methods: readonly JinjaRow[] = [
  ['{{ name.upper() }} {{ name.title() }} {{ "it\'s".title() }}', "ALICE SMITH Alice Smith It'S"],
  [
    "{{ name.split() }} {{ 'a,b,,c'.split(',') }} {{ 'a b c d'.split(' ', 2) }}",
    "['alice', 'smith'] ['a', 'b', '', 'c'] ['a', 'b', 'c d']",
  ],
  ["{{ ' a  b '.split() }} {{ 'a  b c'.split(None, 1) }}", "['a', 'b'] ['a', 'b c']"],
  ["{{ ', '.join(words) }}", "pear, Apple, fig"],
  ["{{ name.replace('alice', 'bob') }} {{ 'aaa'.replace('a', 'b', 2) }}", "bob smith bba"],
  ["{{ name.startswith('ali') }} {{ name.endswith(('x', 'th')) }}", "True True"],
  ["{{ name.find('smith') }} {{ name.find('zz') }} {{ name.index('c') }} {{ name.rfind('i') }}", "6 -1 3 8"],
  ["{{ name.count('i') }} {{ 'aaa'.count('') }}", "2 4"],
  ["{{ ' x '.strip() }}|{{ 'xxaxx'.lstrip('x') }}|{{ 'xxaxx'.rstrip('x') }}", "x|axx|xxa"],
  [
    "{{ '7'.zfill(3) }} {{ '-7'.zfill(4) }} {{ 'ab'.rjust(4, '.') }} {{ 'ab'.ljust(4, '.') }} {{ 'ab'.center(5, '.') }} {{ 'abc'.center(6, '.') }}",
    "007 -007 ..ab ab.. ..ab. .abc..",
  ],
  ["{{ 'a=b=c'.partition('=') }} {{ 'a=b=c'.rpartition('=') }}", "('a', '=', 'b=c') ('a=b', '=', 'c')"],
  [
    "{{ '12'.isdigit() }} {{ 'ab'.isalpha() }} {{ 'a1'.isalnum() }} {{ ' '.isspace() }} {{ 'Ab'.istitle() }}",
    "True True True True True",
  ],
  ["{{ 'aBc'.swapcase() }} {{ 'ABC'.casefold() }} {{ 'abc'.capitalize() }}", "AbC abc Abc"],
  ["{{ p.get('first') }} {{ p.get('zz') }} {{ p.get('zz', 'x') }}", "Ann None x"],
  [
    "{{ p.keys() }} {{ {'a': 1}.values() }} {{ {'a': 1}.items() }}",
    "dict_keys(['first', 'address']) dict_values([1]) dict_items([('a', 1)])",
  ],
  ["{{ xs.index(1) }} {{ xs.count(3) }}", "1 1"],
  ["{{ 'prefix_x'.removeprefix('prefix_') }} {{ 'x.txt'.removesuffix('.txt') }}", "x x"],
  ["{{ 'a\\nb\\r\\nc'.splitlines() }}", "['a', 'b', 'c']"],
  [
    "{{ '{} and {}'.format(n, name) }} {{ '{0}{1}{0}'.format('a', 'b') }} {{ '{x:.2f}'.format(x=f) }}",
    "7 and alice smith aba 2.50",
  ],
  [
    "{{ '{:05.1f}|{:>6}|{:<6}|{:^6}|{:,}'.format(f, 'ab', 'cd', 'ef', 1234567) }}",
    "002.5|    ab|cd    |  ef  |1,234,567",
  ],
  ["{{ '{{}} {:d} {:x} {:%}'.format(42, 255, 0.25) }}", "{} 42 ff 25.000000%"],
  ["{{ '%s is %d and %.2f' % (name, n, f) }}", "alice smith is 7 and 2.50"],
  ["{{ '%05d|%-6s|%6s|%+d|%x|%%' % (42, 'ab', 'cd', 5, 255) }}", "00042|ab    |    cd|+5|ff|%"],
  [
    "{{ '%(first)s!' % p }} {{ '%r' % 'x' }} {{ '%e' % 12345.678 }} {{ '%g' % 0.00001234 }}",
    "Ann! 'x' 1.234568e+04 1.234e-05",
  ],
  ["{{ 'a b c'.rsplit(' ', 1) }} {{ 'a b c d'.rsplit(None, 2) }}", "['a b', 'c'] ['a b', 'c', 'd']"],
  ["{{ '%d' % 3.99 }} {{ '%s' % 3.0 }}", "3 3.0"],
  ["{{ '%g %g %g' % (100000.0, 1000000.0, 0.5) }}", "100000 1e+06 0.5"],
];

/** Template and the text that Jinja2 3.1.6 gives for `RECORD`. */
export const statements: readonly JinjaRow[] = [
  ["{% if n > 5 %}big{% else %}small{% endif %}", "big"],
  ["{% if n > 50 %}a{% elif n > 5 %}b{% elif n > 1 %}c{% else %}d{% endif %}", "b"],
  ["{% for x in xs %}{{ x }},{% endfor %}", "3,1,2,"],
  [
    "{% for x in xs %}{{ loop.index }}/{{ loop.length }}:{{ x }}{% if not loop.last %} {% endif %}{% endfor %}",
    "1/3:3 2/3:1 3/3:2",
  ],
  [
    "{% for x in xs %}{{ loop.index0 }}{{ loop.first }}{{ loop.revindex }}{{ loop.revindex0 }};{% endfor %}",
    "0True32;1False21;2False10;",
  ],
  ["{% for x in empty %}x{% else %}none{% endfor %}", "none"],
  ["{% for x in xs if x > 1 %}{{ loop.index }}={{ x }} {% endfor %}", "1=3 2=2 "],
  ["{% for k, v in p.items() %}{{ k }}={{ v }};{% endfor %}", "first=Ann;address={'city': 'Oslo'};"],
  ["{% for k in p %}{{ k }} {% endfor %}", "first address "],
  ["{% for c in 'abc' %}[{{ c }}]{% endfor %}", "[a][b][c]"],
  ["{% for a, b in [[1,2],[3,4]] %}{{ a + b }} {% endfor %}", "3 7 "],
  ["{% for x in xs %}{{ loop.previtem }}<{{ x }}<{{ loop.nextitem }} {% endfor %}", "<3<1 3<1<2 1<2< "],
  ["{% for p in people %}{{ p.name }}{% if p.age > 26 %}!{% endif %} {% endfor %}{{ p.first }}", "Bo! al Cy! Ann"],
  ["{% if missing %}a{% else %}b{% endif %}", "b"],
  ["{% for k, v in d | items %}{{ k }}:{{ v }} {% endfor %}", "b:1 a:[1, 2] items:own "],
  ["{% if words %}{% for w in words %}{{ w | lower }} {% endfor %}{% endif %}", "pear apple fig "],
  ["{% for x in missing %}x{% else %}e{% endfor %}", "e"],
  ["{% if n %}{% if f %}both{% endif %}{% endif %}", "both"],
  ["{% for x in xs | sort %}{{ x }}{% endfor %}", "123"],
  ["{% for x in (1, 2) %}{{ x }}{% endfor %}", "12"],
];

/** Template and the text that Jinja2 3.1.6 gives for `RECORD`. */
export const whitespace: readonly JinjaRow[] = [
  ["a {{- n -}} b", "a7b"],
  ["a {%- if n %} x {% endif -%} b", "a x b"],
  ["a\n  {%- if n %}\n x\n{%- endif %}\nb", "a\n x\nb"],
  ["a {# comment #} b", "a  b"],
  ["a {#- trimmed -#} b", "ab"],
  ["line\n", "line"],
  ["line\n\n", "line\n"],
  ["{% raw %}{{ not }} {% if %}{% endraw %}", "{{ not }} {% if %}"],
  ["x {%- raw -%} {{ y }} {%- endraw -%} z", "x{{ y }}z"],
  ["{{ '{{' }} {{ '%}' }}", "{{ %}"],
  ["{{n}}{{  n  }}", "77"],
  ["a\r\nb", "a\nb"],
  ["{{\n n\n}}", "7"],
  ["{%+ if n %}x{%+ endif %}", "x"],
  ["{{ {'a': {'b': 1}} }}", "{'a': {'b': 1}}"],
  ["{{ '}}' }}", "}}"],
  ["{ {{ n }} } %} #}", "{ 7 } %} #}"],
];
