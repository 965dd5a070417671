-- Normalization of texts for search and sorting, independent of the server's locale.

-- Letters without accents, in one form (NFKD) and lower case, with ss for sharp s, plain quotes and dashes, and without
-- invisible characters. translate() compares each character with its whole list, so there are several short lists, each
-- used only if the text has such letters.
CREATE OR REPLACE FUNCTION fold_letters(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    value := lower(regexp_replace(normalize(value, NFKD),
        -- accents and vowel points, soft hyphens, zero-width and direction marks, variation selectors
        '[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670'
        '\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f'
        '\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]+', '', 'g')
        COLLATE "C");
    IF octet_length(value) = length(value) THEN
        RETURN value;
    END IF;
    -- letters with a stroke, capitals without accents, typographic quotes and dashes, the middle dot of displayed machine
    -- numbers (02·01 for Valve_02_01)
    value := translate(value,
        'ÆÐØÞĐĦŁŊŒŦøłđðħıŧŋĸȷςƒ×⁄‘’‚‛ʼ′“”„‟«»‐‒–—―−⁃·',
        'ædoþdhlnœtolddhitnkjσfx/''''''''''''""""""-------_');
    value := replace(replace(replace(replace(replace(value, 'ẞ', 'ss'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
    IF value ~ '[\u0180-\u024f\u2c60-\u2c7f\ua720-\ua7ff]' THEN  -- Latin
        value := translate(value,
            'ƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƢƤƦƧƩƬƮƱƲƳƵƷƸƼǤǶǷȜȠȢȤȺȻȽȾɁɃɄɅɆɈɊɌɎⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘ'
            'ꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾ',
            'ɓƃƅɔƈɖɗƌǝəɛfɠɣɩɨƙɯɲɵƣƥʀƨʃƭʈʊʋƴƶʒƹƽǥƕƿȝƞȣȥⱥȼƚⱦɂƀʉʌɇɉɋɍɏⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙ'
            'ꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿ');
    END IF;
    IF value ~ '[\u0370-\u03ff]' THEN  -- Greek
        value := translate(value,
            'ͰͲͶͿΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩϏϘϚϜϞϠϢϤϦϨϪϬϮϷϺϽϾϿ',
            'ͱͳͷϳαβγδεζηθικλμνξοπρστυφχψωϗϙϛϝϟϡϣϥϧϩϫϭϯϸϻͻͼͽ');
    END IF;
    IF value ~ '[\u0400-\u052f\ua640-\ua69f]' THEN  -- Cyrillic
        value := translate(value,
            'ЂЄЅІЈЉЊЋЏАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӃӅӇӉӋӍӔӘӠӨӶӺ'
            'ӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚ',
            'ђєѕіјљњћџабвгдежзиклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӄӆӈӊӌӎӕәӡөӷӻ'
            'ӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛ');
    END IF;
    IF value ~ '[\u0530-\u058f\u1c90-\u1cbf]' THEN  -- Armenian and Georgian
        value := translate(value,
            'ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿ',
            'աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿ');
    END IF;
    RETURN normalize(value, NFC);
END $$;

-- A text as searches compare it: lower case, the letters of fold_letters, single spaces. floor/core/names.py does the
-- same in Python, for sorting.
CREATE OR REPLACE FUNCTION fold_text(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(value) = length(value)
    THEN btrim(regexp_replace(lower(value COLLATE "C"), '[\x01-\x20\x7f]+', ' ', 'g'))
    ELSE btrim(regexp_replace(fold_letters(value), '[\x01-\x20\x7f-\xa0\u1680\u2028\u2029]+', ' ', 'g')) END;

-- A sort key for names and titles, compared byte by byte: case-insensitive and accent-insensitive, numbers by their value
-- ('Machine 2' before 'Machine 10'), spaces and punctuation before digits, digits before letters. Lists end their ORDER
-- BY with a unique column. Not a collation: not every PostgreSQL has ICU (the embedded one has not), a new version of ICU
-- changes the order and breaks indexes, and Python does not have it.
CREATE OR REPLACE FUNCTION name_sort_key(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT CASE WHEN value IS NOT NULL THEN coalesce(string_agg(
               CASE WHEN part[1] COLLATE "C" < '0' OR part[1] COLLATE "C" > ':' THEN part[1]
                    ELSE lpad(ltrim(part[1], '0'), greatest(20, length(ltrim(part[1], '0'))), '0') END,
               '' ORDER BY number), '') END
    FROM (SELECT translate(fold_text(value), ' _-,;:!?.''"()[]{}@*/\&#%`^+<=>|~$',
                  E'\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10'
                  '\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20\x21\x22') COLLATE "C" AS text) AS folded,
         regexp_matches(folded.text, '[0-9]+|[^0-9]+', 'g') WITH ORDINALITY AS parts (part, number));

-- Each word of a text once, as searches ignore positions.
CREATE OR REPLACE FUNCTION search_words(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(string_agg(DISTINCT word COLLATE "C", ' ' ORDER BY word COLLATE "C"), '')
        FROM unnest(string_to_array(fold_text(value), ' ')) AS word);

-- The words of a search as escaped patterns for LIKE, the longest first, as it is the most selective. Punctuation at the
-- ends of a word is removed ('Strasse!', '(pump)', 'leak,'), within a word it is kept (WO-1043, 3.5); signs that stand for
-- a word are kept everywhere (50 %). A search of punctuation only matches that punctuation.
CREATE OR REPLACE FUNCTION search_patterns(value text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(SELECT '%' || regexp_replace(chosen.word, '([\\%_])', '\\\1', 'g') || '%'
             FROM (SELECT CASE WHEN bool_or(bare <> '') OVER () THEN bare ELSE whole END AS word
                   FROM (SELECT each AS whole, btrim(each, '.,;:!?-_*/#@''"()[]{}`¡¿‹›•、。「」『』【】،؛؟।') AS bare
                         FROM unnest(string_to_array(fold_text(value), ' ')) AS each) AS typed) AS chosen
             WHERE chosen.word <> '' GROUP BY chosen.word
             ORDER BY length(chosen.word) DESC, chosen.word COLLATE "C");
