//! What made-up people are made of: names of several scripts, places, firms, and phone numbers that are valid where
//! they live. E-mail addresses are at example domains only.

/// A country with its people and places.
#[derive(Debug)]
pub struct Country {
    /// ISO 3166-1 alpha-2.
    pub code: &'static str,
    /// The calling code.
    pub calling: &'static str,
    /// What a number starts with after the calling code, and how many digits follow.
    pub mobile: (&'static [&'static str], u32),
    pub zone: &'static str,
    /// City, region, postal code.
    pub cities: &'static [(&'static str, &'static str, &'static str)],
    pub streets: &'static [&'static str],
    /// First names as written, and in plain letters for an e-mail address.
    pub first: &'static [(&'static str, &'static str)],
    /// Last names likewise.
    pub last: &'static [(&'static str, &'static str)],
}

/// All countries, with weight: the first is that of the location.
pub static COUNTRIES: [Country; 14] = [
    Country {
        code: "US",
        calling: "1",
        mobile: (
            &[
                "202555", "212555", "303555", "312555", "404555", "415555", "503555", "512555",
                "602555", "617555", "702555", "713555", "718555", "808555", "919555", "206555",
                "214555", "305555", "612555", "816555",
            ],
            4,
        ),
        zone: "America/Chicago",
        cities: &[
            ("Denver", "CO", "80202"),
            ("Chicago", "IL", "60607"),
            ("Austin", "TX", "78701"),
            ("Portland", "OR", "97205"),
            ("Saint Paul", "MN", "55102"),
        ],
        streets: &[
            "Lakeview Avenue",
            "Maple Street",
            "Industrial Park Drive",
            "North 5th Street",
        ],
        first: &[
            ("Marta", "marta"),
            ("James", "james"),
            ("Aaliyah", "aaliyah"),
            ("Ezekiel", "ezekiel"),
            ("Kim", "kim"),
            ("D’Andre", "dandre"),
            ("Mary-Kate", "marykate"),
            ("Grace", "grace"),
            ("Hector", "hector"),
            ("Ruth", "ruth"),
            ("Dwayne", "dwayne"),
            ("Xochitl", "xochitl"),
            ("Beatrice", "beatrice"),
            ("Omar", "omar"),
            ("Lin", "lin"),
            ("Theodore", "theodore"),
            ("Shanice", "shanice"),
            ("Paul", "paul"),
        ],
        last: &[
            ("Quill", "quill"),
            ("O’Brien", "obrien"),
            ("Washington", "washington"),
            ("Lee", "lee"),
            ("Featherstonehaugh-Cholmondeley", "featherstonehaugh"),
            ("Ortiz", "ortiz"),
            ("Van der Berg", "vanderberg"),
            ("Nguyen", "nguyen"),
            ("Abernathy", "abernathy"),
            ("Castillo", "castillo"),
            ("Rosenbaum", "rosenbaum"),
            ("Okonkwo", "okonkwo"),
            ("McAllister", "mcallister"),
            ("Young", "young"),
            ("DeLuca", "deluca"),
            ("Yazzie", "yazzie"),
            ("Haas", "haas"),
            ("Pettigrew", "pettigrew"),
        ],
    },
    Country {
        code: "GB",
        calling: "44",
        mobile: (&["7400", "7520", "7701"], 6),
        zone: "Europe/London",
        cities: &[
            ("London", "Greater London", "EC1A 1BB"),
            ("Leeds", "West Yorkshire", "LS1 4AP"),
            ("Stoke-on-Trent", "Staffordshire", "ST1 5TL"),
        ],
        streets: &["High Street", "Station Road", "The Mews"],
        first: &[
            ("Siân", "sian"),
            ("Oliver", "oliver"),
            ("Niamh", "niamh"),
            ("Zoë", "zoe"),
        ],
        last: &[
            ("Llewellyn", "llewellyn"),
            ("Smith", "smith"),
            ("MacAulay", "macaulay"),
            ("Brontë", "bronte"),
        ],
    },
    Country {
        code: "DE",
        calling: "49",
        mobile: (&["1512", "1522", "1601", "1701"], 7),
        zone: "Europe/Berlin",
        cities: &[
            ("München", "Bayern", "80331"),
            ("Köln", "Nordrhein-Westfalen", "50667"),
            ("Görlitz", "Sachsen", "02826"),
        ],
        streets: &["Gärtnerstraße", "Am Kirchplatz", "Königsallee"],
        first: &[
            ("Jürgen", "juergen"),
            ("Käthe", "kaethe"),
            ("Björn", "bjoern"),
            ("Sophie-Charlotte", "sophiecharlotte"),
        ],
        last: &[
            ("Müller", "mueller"),
            ("Weiß", "weiss"),
            ("Schößler", "schoessler"),
            ("von und zu Guttenberg-Löwenstein", "guttenberg"),
        ],
    },
    Country {
        code: "FR",
        calling: "33",
        mobile: (&["612", "661", "760"], 6),
        zone: "Europe/Paris",
        cities: &[
            ("Lyon", "Auvergne-Rhône-Alpes", "69002"),
            ("Nîmes", "Occitanie", "30000"),
            ("Saint-Étienne", "Loire", "42000"),
        ],
        streets: &["rue de l’Église", "boulevard Voltaire", "place du Marché"],
        first: &[
            ("Éloïse", "eloise"),
            ("François", "francois"),
            ("Anaïs", "anais"),
            ("Jean-Baptiste", "jeanbaptiste"),
        ],
        last: &[
            ("Lefèvre", "lefevre"),
            ("Dubois", "dubois"),
            ("Nuñez", "nunez"),
            ("Hernæs", "hernaes"),
        ],
    },
    Country {
        code: "ES",
        calling: "34",
        mobile: (&["612", "634", "655", "678"], 6),
        zone: "Europe/Madrid",
        cities: &[
            ("Málaga", "Andalucía", "29001"),
            ("A Coruña", "Galicia", "15001"),
            ("Logroño", "La Rioja", "26001"),
        ],
        streets: &["Calle de la Peña", "Avenida de América", "Plaza Mayor"],
        first: &[
            ("Begoña", "begona"),
            ("José María", "josemaria"),
            ("Íñigo", "inigo"),
            ("Nuria", "nuria"),
        ],
        last: &[
            ("Ibáñez", "ibanez"),
            ("García Márquez", "garciamarquez"),
            ("Peña", "pena"),
            ("Fernández de la Vega", "fernandez"),
        ],
    },
    Country {
        code: "PL",
        calling: "48",
        mobile: (&["501", "512", "602", "721"], 6),
        zone: "Europe/Warsaw",
        cities: &[
            ("Łódź", "łódzkie", "90-001"),
            ("Kraków", "małopolskie", "31-001"),
            ("Rzeszów", "podkarpackie", "35-002"),
        ],
        streets: &["ulica Święty Marcin", "ulica Piotrkowska", "aleja Róż"],
        first: &[
            ("Łukasz", "lukasz"),
            ("Małgorzata", "malgorzata"),
            ("Zdzisław", "zdzislaw"),
            ("Żaneta", "zaneta"),
        ],
        last: &[
            ("Wójcik", "wojcik"),
            ("Brzęczyszczykiewicz", "brzeczyszczykiewicz"),
            ("Zając", "zajac"),
            ("Gęś", "ges"),
        ],
    },
    Country {
        code: "CZ",
        calling: "420",
        mobile: (&["601", "602", "603", "731"], 6),
        zone: "Europe/Prague",
        cities: &[
            ("Praha", "Praha", "110 00"),
            ("Brno", "Jihomoravský kraj", "602 00"),
            ("České Budějovice", "Jihočeský kraj", "370 01"),
        ],
        streets: &["Národní třída", "Dlouhá", "Na Příkopě"],
        first: &[("Jiří", "jiri"), ("Žofie", "zofie"), ("Ondřej", "ondrej")],
        last: &[
            ("Dvořáková", "dvorakova"),
            ("Šťastný", "stastny"),
            ("Novák", "novak"),
        ],
    },
    Country {
        code: "UA",
        calling: "380",
        mobile: (&["50", "67", "63", "93"], 7),
        zone: "Europe/Kyiv",
        cities: &[
            ("Київ", "Київ", "01001"),
            ("Львів", "Львівська область", "79000"),
        ],
        streets: &["вулиця Хрещатик", "проспект Свободи"],
        first: &[
            ("Олена", "olena"),
            ("Тарас", "taras"),
            ("Юлія", "yuliia"),
            ("Богдан", "bohdan"),
        ],
        last: &[
            ("Шевченко", "shevchenko"),
            ("Коваль", "koval"),
            ("Гнатюк", "hnatiuk"),
        ],
    },
    Country {
        code: "GR",
        calling: "30",
        mobile: (&["6972", "6944", "6932"], 6),
        zone: "Europe/Athens",
        cities: &[
            ("Αθήνα", "Αττική", "105 57"),
            ("Θεσσαλονίκη", "Κεντρική Μακεδονία", "546 24"),
        ],
        streets: &["Ερμού", "Οδός Αριστοτέλους"],
        first: &[
            ("Ελένη", "eleni"),
            ("Γιώργος", "giorgos"),
            ("Αγγελική", "angeliki"),
        ],
        last: &[("Παπαδόπουλος", "papadopoulos"), ("Οικονόμου", "oikonomou")],
    },
    Country {
        code: "JP",
        calling: "81",
        mobile: (&["9012", "8034", "7056"], 6),
        zone: "Asia/Tokyo",
        cities: &[
            ("東京", "東京都", "100-0001"),
            ("札幌市", "北海道", "060-0001"),
        ],
        streets: &["千代田1-1", "北1条西2丁目"],
        first: &[
            ("陽菜", "hina"),
            ("健太", "kenta"),
            ("さくら", "sakura"),
            ("涼介", "ryosuke"),
        ],
        last: &[("佐藤", "sato"), ("鈴木", "suzuki"), ("五十嵐", "igarashi")],
    },
    Country {
        code: "EG",
        calling: "20",
        mobile: (&["100", "111", "122"], 7),
        zone: "Africa/Cairo",
        cities: &[
            ("القاهرة", "القاهرة", "11511"),
            ("الإسكندرية", "الإسكندرية", "21500"),
        ],
        streets: &["شارع التحرير", "شارع النيل"],
        first: &[("فاطمة", "fatma"), ("محمد", "mohamed"), ("ليلى", "layla")],
        last: &[
            ("عبد الرحمن", "abdelrahman"),
            ("حسين", "hussein"),
            ("المصري", "elmasry"),
        ],
    },
    Country {
        code: "IN",
        calling: "91",
        mobile: (&["9812", "9876", "7012"], 6),
        zone: "Asia/Kolkata",
        cities: &[
            ("Bengaluru", "Karnataka", "560001"),
            ("पुणे", "महाराष्ट्र", "411001"),
        ],
        streets: &["MG Road", "लक्ष्मी रोड"],
        first: &[
            ("Priyanka", "priyanka"),
            ("अर्जुन", "arjun"),
            ("Venkatanarasimharajuvaripeta", "venkat"),
        ],
        last: &[
            ("Krishnamurthy", "krishnamurthy"),
            ("शर्मा", "sharma"),
            ("Iyer", "iyer"),
        ],
    },
    Country {
        code: "BR",
        calling: "55",
        mobile: (&["1199", "2198", "7199"], 7),
        zone: "America/Sao_Paulo",
        cities: &[
            ("São Paulo", "SP", "01001-000"),
            ("Salvador", "BA", "40020-000"),
        ],
        streets: &["Rua das Laranjeiras", "Avenida João Pessoa"],
        first: &[
            ("João", "joao"),
            ("Conceição", "conceicao"),
            ("Thaís", "thais"),
        ],
        last: &[
            ("Albuquerque de Figueiredo e Silva", "albuquerque"),
            ("Gonçalves", "goncalves"),
            ("Assunção", "assuncao"),
        ],
    },
    Country {
        code: "SE",
        calling: "46",
        mobile: (&["701", "725", "736", "768"], 6),
        zone: "Europe/Stockholm",
        cities: &[
            ("Göteborg", "Västra Götaland", "411 03"),
            ("Umeå", "Västerbotten", "903 26"),
        ],
        streets: &["Storgatan", "Ångströmsvägen"],
        first: &[("Åsa", "asa"), ("Björn", "bjorn"), ("Göran", "goran")],
        last: &[
            ("Sjöström", "sjostrom"),
            ("Åkesson", "akesson"),
            ("Öberg", "oberg"),
        ],
    },
];

/// Firms as they are written, and in plain letters for a domain.
pub const FIRMS: [(&str, &str); 12] = [
    ("Quillworks", "quillworks"),
    ("Nordlys Energi AS", "nordlys"),
    ("Bäckerei Krüger & Söhne GmbH", "krueger"),
    ("Aurora Dental, LLC", "aurora-dental"),
    ("Société Générale des Moulins de l’Ouest", "moulins"),
    ("さくら印刷株式会社", "sakura-print"),
    ("Blue Heron Landscaping", "blueheron"),
    ("Zażółć Studio", "zazolc"),
    ("Almadar Logistics", "almadar"),
    ("Ferreira Irmãos Ltda.", "ferreira"),
    ("Kestrel & Finch Solicitors", "kestrel-finch"),
    ("TechNova", "technova"),
];

/// Job titles.
pub const TITLES: [&str; 8] = [
    "Owner",
    "Head of Operations",
    "Office Manager",
    "CTO",
    "Purchasing",
    "Geschäftsführerin",
    "Marketing Lead",
    "Founder & CEO",
];
/// Tags as Growbots keeps them; GHL lower-cases.
pub const TAGS: [&str; 10] = [
    "VIP",
    "newsletter",
    "Trade Show 2026",
    "inbound",
    "Webinar",
    "partner",
    "Q3 Outreach",
    "lapsed",
    "Größe-L",
    "do not discount",
];
/// Where people came from.
pub const SOURCES: [&str; 5] = [
    "trade show",
    "website form",
    "referral",
    "cold outreach",
    "Facebook ad",
];
/// Titles of tasks.
pub const TASKS: [&str; 10] = [
    "Call about renewal",
    "Send the proposal",
    "Follow up on the demo",
    "Ask for the PO number",
    "Check invoice address",
    "Book a site visit",
    "Send references",
    "Prepare quarterly review",
    "Answer pricing question",
    "Introduce the new account manager",
];
/// Bodies of notes.
pub const NOTES: [&str; 8] = [
    "Met at booth 14, wants a quote for twelve seats.",
    "Prefers e-mail, calls only after 3 pm.",
    "Budget is decided in the first week of the quarter.",
    "Spoke with the assistant.\nShe will send the old contract.",
    "Kommt aus Köln, spricht lieber Deutsch.",
    "Asked twice about data protection; send the one-pager.",
    "Moved to a new office, address is updated.",
    "Not the decision maker; the brother is.",
];
/// Titles of appointments.
pub const APPOINTMENTS: [&str; 5] = [
    "Intro call",
    "Site visit",
    "Product demo",
    "Renewal meeting",
    "Q&A with the team",
];
