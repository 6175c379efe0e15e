/*
 * gen_people.c - names, addresses, and the same person twice.
 *
 * The lists are short and the names in them are common ones, so many people
 * share a name, as people do.  A name in another script carries its Latin
 * form: that is what e-mail addresses are made of, and what somebody with a
 * second account may type.  Domains are those kept for examples (RFC 2606).
 */
#include <stdio.h>

#include "gen_parts.h"

#define GIVEN 16
#define FAMILY 16
#define PLACES 6

struct place {
	const char *city, *postcode, *region; /* postcode's first digits */
};
/* A name is "native" or "native|latin". */
struct people {
	const char *country, *language, *phone;
	int digits; /* of a telephone number after `phone` */
	unsigned share; /* in thousandths */
	int rest; /* digits of a postcode after its first ones */
	bool family_first, number_first;
	const char *company; /* what follows a family's name */
	const char *given[GIVEN], *family[FAMILY], *street[4];
	struct place place[PLACES];
};

static const struct people peoples[] = {
    {"DE", "de", "+49150", 8, 500, 3, false, false, " GmbH",
	{"Anna", "Jürgen|juergen", "Lena", "Karl", "Mia", "Jonas",
	    "Käthe|kaethe", "Paul", "Sophie", "Max", "Uwe", "Birgit", "Felix",
	    "Jörg|joerg", "Clara", "Emil"},
	{"Müller|mueller", "Schmidt", "Schneider", "Fischer", "Weber", "Meyer",
	    "Wagner", "Schäfer|schaefer", "Koch", "Bauer", "Richter", "Wolf",
	    "Schröder|schroeder", "Neumann", "Groß|gross", "Krüger|krueger"},
	{"Hauptstraße", "Gartenweg", "Bahnhofstraße", "Am Markt"},
	{{"Berlin", "10", "BE"}, {"Hamburg", "20", "HH"},
	    {"München", "80", "BY"}, {"Köln", "50", "NW"},
	    {"Leipzig", "04", "SN"}, {"Kassel", "34", "HE"}}},
    {"FR", "fr", "+33639", 6, 110, 3, false, true, " SARL",
	{"Camille", "Léa|lea", "Hugo", "Chloé|chloe", "Louis", "Inès|ines",
	    "Jules", "Zoé|zoe", "Noël|noel", "Manon", "Théo|theo",
	    "Agnès|agnes", "Luc", "Élise|elise", "René|rene", "Marie"},
	{"Martin", "Bernard", "Dubois", "Thomas", "Lefèvre|lefevre", "Moreau",
	    "Laurent", "Girard", "Roux", "Fournier", "Mercier", "Garnier",
	    "Chevalier", "Legrand", "Péron|peron", "Gauthier"},
	{"rue de la Paix", "avenue Foch", "place du Marché", "rue Victor Hugo"},
	{{"Paris", "75", "IDF"}, {"Lyon", "69", "ARA"}, {"Nantes", "44", "PDL"},
	    {"Lille", "59", "HDF"}, {"Bordeaux", "33", "NAQ"},
	    {"Strasbourg", "67", "GES"}}},
    {"GB", "en", "+447700900", 3, 80, 0, false, true, " Ltd",
	{"Oliver", "Amelia", "George", "Isla", "Harry", "Ava", "Jack", "Emily",
	    "Freddie", "Grace", "Alfie", "Freya", "Rhys", "Fiona", "Callum",
	    "Maeve"},
	{"Smith", "Jones", "Taylor", "Brown", "Davies", "Evans", "Wilson",
	    "O'Neill|oneill", "Robinson", "Wright", "Hughes", "Green",
	    "MacLeod|macleod", "Clarke", "Patel", "Baker"},
	{"High Street", "Station Road", "Church Lane", "Mill Road"},
	{{"London", "N1 7AA", ""}, {"Leeds", "LS1 4AP", ""},
	    {"Glasgow", "G2 1AL", ""}, {"Cardiff", "CF10 1AA", ""},
	    {"Bristol", "BS1 5TR", ""}, {"York", "YO1 7HH", ""}}},
    {"US", "en", "+1555", 7, 60, 3, false, true, " Inc.",
	{"Liam", "Olivia", "Noah", "Emma", "Mason", "Harper", "Ethan", "Zoey",
	    "Logan", "Abigail", "Jayden", "Madison", "Tyler", "Brooke",
	    "Carlos", "Keisha"},
	{"Johnson", "Williams", "Miller", "Davis", "Garcia", "Rodriguez",
	    "Anderson", "Jackson", "White", "Harris", "Lewis", "Walker", "Hall",
	    "Young", "King", "Nguyen"},
	{"Main St", "Oak Ave", "Maple Dr", "2nd St"},
	{{"New York", "10", "NY"}, {"Chicago", "60", "IL"},
	    {"Austin", "78", "TX"}, {"Portland", "97", "OR"},
	    {"Denver", "80", "CO"}, {"Boston", "02", "MA"}}},
    {"ES", "es", "+34600", 6, 60, 3, false, false, " S.L.",
	{"Lucía|lucia", "Hugo", "María|maria", "Martín|martin", "Sofía|sofia",
	    "Álvaro|alvaro", "Íñigo|inigo", "Carmen", "Javier", "Elena",
	    "Begoña|begona", "Andrés|andres", "Pilar", "Jesús|jesus", "Marta",
	    "Raúl|raul"},
	{"García|garcia", "Fernández|fernandez", "López|lopez",
	    "Sánchez|sanchez", "Gómez|gomez", "Ruiz", "Díaz|diaz", "Moreno",
	    "Muñoz|munoz", "Romero", "Navarro", "Torres", "Gil", "Ortega",
	    "Peña|pena", "Ibáñez|ibanez"},
	{"Calle Mayor", "Avenida del Sol", "Plaza España", "Calle Real"},
	{{"Madrid", "28", "MD"}, {"Barcelona", "08", "CT"},
	    {"Sevilla", "41", "AN"}, {"Valencia", "46", "VC"},
	    {"Bilbao", "48", "PV"}, {"A Coruña", "15", "GA"}}},
    {"PL", "pl", "+48500", 6, 60, 0, false, false, " Sp. z o.o.",
	{"Zofia", "Łukasz|lukasz", "Hanna", "Paweł|pawel",
	    "Małgorzata|malgorzata", "Jakub", "Agnieszka", "Michał|michal",
	    "Oliwia", "Stanisław|stanislaw", "Ewa", "Tomasz", "Jolanta",
	    "Piotr", "Grażyna|grazyna", "Marek"},
	{"Nowak", "Kowalski", "Wiśniewski|wisniewski", "Wójcik|wojcik",
	    "Kowalczyk", "Zieliński|zielinski", "Szymański|szymanski",
	    "Woźniak|wozniak", "Dąbrowski|dabrowski", "Król|krol", "Mazur",
	    "Wróbel|wrobel", "Pająk|pajak", "Sikora", "Górski|gorski", "Duda"},
	{"ul. Długa", "ul. Polna", "ul. Leśna", "al. Pokoju"},
	{{"Warszawa", "00-001", "MZ"}, {"Kraków", "30-001", "MA"},
	    {"Łódź", "90-001", "LD"}, {"Gdańsk", "80-001", "PM"},
	    {"Poznań", "60-001", "WP"}, {"Wrocław", "50-001", "DS"}}},
    {"GR", "el", "+3069", 8, 40, 3, false, false, " Α.Ε.",
	{"Γιώργος|giorgos", "Μαρία|maria", "Νίκος|nikos", "Ελένη|eleni",
	    "Δημήτρης|dimitris", "Κατερίνα|katerina", "Γιάννης|giannis",
	    "Σοφία|sofia", "Κώστας|kostas", "Άννα|anna", "Σπύρος|spyros",
	    "Βασιλική|vasiliki", "Πέτρος|petros", "Ειρήνη|eirini",
	    "Θανάσης|thanasis", "Ζωή|zoi"},
	{"Παπαδόπουλος|papadopoulos", "Βλάχος|vlachos", "Οικονόμου|oikonomou",
	    "Αντωνίου|antoniou", "Νικολάου|nikolaou", "Γεωργίου|georgiou",
	    "Ιωάννου|ioannou", "Μακρής|makris", "Δημητρίου|dimitriou",
	    "Χριστοδούλου|christodoulou", "Καραγιάννης|karagiannis",
	    "Αλεξίου|alexiou", "Σταύρου|stavrou", "Κωστόπουλος|kostopoulos",
	    "Λάμπρου|lamprou", "Ζέρβας|zervas"},
	{"Ερμού", "Πανεπιστημίου", "Αγίου Δημητρίου", "Κηφισίας"},
	{{"Αθήνα", "10", ""}, {"Θεσσαλονίκη", "54", ""}, {"Πάτρα", "26", ""},
	    {"Ηράκλειο", "71", ""}, {"Λάρισα", "41", ""}, {"Βόλος", "38", ""}}},
    {"CN", "zh", "+86155", 8, 60, 4, true, false, "有限公司",
	{"伟|wei", "芳|fang", "娜|na", "敏|min", "静|jing", "丽|li", "强|qiang",
	    "磊|lei", "洋|yang", "艳|yan", "勇|yong", "杰|jie", "小明|xiaoming",
	    "秀英|xiuying", "建国|jianguo", "雨桐|yutong"},
	{"王|wang", "李|li", "张|zhang", "刘|liu", "陈|chen", "杨|yang",
	    "黄|huang", "赵|zhao", "吴|wu", "周|zhou", "徐|xu", "孙|sun",
	    "马|ma", "朱|zhu", "胡|hu", "欧阳|ouyang"},
	{"人民路", "中山路", "解放街", "和平大道"},
	{{"北京", "10", "BJ"}, {"上海", "20", "SH"}, {"广州", "51", "GD"},
	    {"成都", "61", "SC"}, {"杭州", "31", "ZJ"}, {"西安", "71", "SN"}}},
    {"JP", "ja", "+8190", 8, 30, 0, true, false, "株式会社",
	{"翔太|shota", "さくら|sakura", "健|ken", "美咲|misaki", "大輔|daisuke",
	    "陽菜|hina", "直樹|naoki", "葵|aoi", "蓮|ren", "結衣|yui",
	    "拓也|takuya", "愛|ai", "誠|makoto", "優子|yuko", "悠真|yuma",
	    "花子|hanako"},
	{"佐藤|sato", "鈴木|suzuki", "高橋|takahashi", "田中|tanaka",
	    "伊藤|ito", "渡辺|watanabe", "山本|yamamoto", "中村|nakamura",
	    "小林|kobayashi", "加藤|kato", "吉田|yoshida", "山田|yamada",
	    "佐々木|sasaki", "松本|matsumoto", "井上|inoue", "木村|kimura"},
	{"本町", "中央", "桜丘", "栄"},
	{{"東京", "100-0001", "13"}, {"大阪", "530-0001", "27"},
	    {"名古屋", "460-0008", "23"}, {"札幌", "060-0001", "01"},
	    {"福岡", "810-0001", "40"}, {"京都", "600-8001", "26"}}},
};

static const char *const domains[] = {"example.org", "example.com",
    "example.net", "mail.example.org", "post.example.com"};
static const char *const channels[] = {
    "web", "web", "web", "phone", "shop", "market"};
static const char *const origins[] = {
    "", "", "", "newsletter", "search-ads", "influencer"};

struct name {
	struct crm_str native, latin;
};

static struct name
take_name(const char *s)
{
	const char *bar = strchr(s, '|');

	if (!bar)
		return (struct name){crm_str(s), crm_str(s)};
	return (struct name){{s, (size_t)(bar - s)}, crm_str(bar + 1)};
}

/* ---- typing errors ---- */

static bool
letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Leaves out, doubles, swaps or changes a letter past the first; texts with
 * fewer than three letters side by side stay. */
static void
mistype(char *s, size_t cap, struct crm_rand *r)
{
	size_t n = strlen(s), i;

	if (n < 4 || n + 2 > cap)
		return;
	for (unsigned tries = 0; tries < 8; tries++) {
		i = 1 + (size_t)crm_rand_below(r, n - 2);
		if (letter(s[i]) && letter(s[i + 1]) && s[i] != s[i + 1])
			break;
		if (tries == 7)
			return;
	}
	switch (crm_rand_below(r, 4)) {
	case 0:
		memmove(s + i, s + i + 1, n - i);
		break;
	case 1:
		memmove(s + i + 1, s + i, n - i + 1);
		break;
	case 2: {
		char c = s[i];

		s[i] = s[i + 1];
		s[i + 1] = c;
		break;
	}
	default:
		s[i] = (char)('a' + crm_rand_below(r, 26));
	}
}

/* The Latin form as people write it: Mueller. */
static void
latin(char *out, size_t cap, struct crm_str s)
{
	snprintf(out, cap, "%.*s", (int)s.n, s.p);
	if (out[0] >= 'a' && out[0] <= 'z')
		out[0] = (char)(out[0] - 'a' + 'A');
}

/* ---- people ---- */

uint64_t
crm_gen_same(const struct crm_gen *g, uint64_t customer)
{
	struct crm_rand r;
	uint64_t of;

	crm_gen_seed(g, &r, GEN_DUPLICATE, customer, 0);
	if (customer < 10 || crm_rand_unit(&r) >= 0.04)
		return 0;
	of = 1 + crm_rand_below(&r, customer - 1);
	customer = crm_gen_same(g, of);
	return customer ? customer : of;
}

static const struct people *
pick_people(struct crm_rand *r)
{
	uint64_t u = crm_rand_below(r, 1000);
	size_t i = 0;

	while (u >= peoples[i].share)
		u -= peoples[i++].share;
	return &peoples[i];
}

static void
digits(char *out, size_t cap, const char *first, int n, struct crm_rand *r)
{
	if (n == 0)
		snprintf(out, cap, "%s", first);
	else
		snprintf(out, cap, "%s%0*llu", first, n,
		    (unsigned long long)crm_rand_below(
			r, (uint64_t)crm_pow10((unsigned)n)));
}

static void
make_address(struct gen_person *p, const struct people *who, struct crm_rand *r)
{
	const struct place *at = &who->place[crm_rand_below(r, PLACES)];
	const char *street = who->street[crm_rand_below(r, 4)];
	unsigned no = 1 + (unsigned)crm_rand_below(r, 120);

	if (who->number_first)
		snprintf(p->street, sizeof p->street, "%u %s", no, street);
	else
		snprintf(p->street, sizeof p->street, "%s %u", street, no);
	digits(p->postcode, sizeof p->postcode, at->postcode, who->rest, r);
	p->city = at->city;
	p->region = at->region;
}

static void
whole_name(struct gen_person *p, bool family_first)
{
	if (p->company[0])
		snprintf(p->name, sizeof p->name, "%s", p->company);
	else if (family_first)
		snprintf(p->name, sizeof p->name, "%s%s", p->family, p->given);
	else
		snprintf(p->name, sizeof p->name, "%s %s", p->given, p->family);
}

static void
make_email(struct gen_person *p, struct crm_str given, struct crm_str family,
    uint64_t customer, struct crm_rand *r)
{
	/* The number makes it one person's. */
	int n = snprintf(p->email, sizeof p->email, "%.*s.%.*s%llu@%s",
	    (int)given.n, given.p, (int)family.n, family.p,
	    (unsigned long long)customer, domains[crm_rand_below(r, 5)]);

	for (int i = 0; i < n; i++)
		if (p->email[i] >= 'A' && p->email[i] <= 'Z')
			p->email[i] = (char)(p->email[i] - 'A' + 'a');
		else if (p->email[i] == '\'')
			p->email[i] = '-';
}

/* What a second account of the same person gets wrong or differently. */
static void
disguise(struct gen_person *p, const struct people *who, struct name given,
    struct name family, uint64_t customer, struct crm_rand *r)
{
	bool first = who->family_first;

	switch (crm_rand_below(r, 5)) {
	case 0:
		mistype(p->family, sizeof p->family, r);
		break;
	case 1:
		mistype(p->given, sizeof p->given, r);
		break;
	case 2: /* another script, or none of its accents */
		latin(p->given, sizeof p->given, given.latin);
		latin(p->family, sizeof p->family, family.latin);
		first = false;
		break;
	case 3: /* an initial */
		latin(p->given, sizeof p->given, given.latin);
		memcpy(p->given + 1, ".", 2);
		first = false;
		break;
	default: /* the wrong way round */
		first = !first;
	}
	whole_name(p, first);
	make_email(p, given.latin, family.latin, customer, r);
	if (crm_rand_unit(r) < 0.4)
		digits(p->phone, sizeof p->phone, who->phone, who->digits, r);
	if (crm_rand_unit(r) < 0.2)
		make_address(p, who, r);
	else if (crm_rand_unit(r) < 0.3)
		mistype(p->street, sizeof p->street, r);
	if (crm_rand_unit(r) < 0.5)
		p->birth = INT64_MIN;
}

void
crm_gen_person(
    const struct crm_gen *g, uint64_t customer, struct gen_person *out)
{
	uint64_t of = crm_gen_same(g, customer);
	const struct people *who;
	struct name given, family;
	struct crm_rand r;

	crm_gen_seed(g, &r, GEN_PERSON, of ? of : customer, 0);
	who = pick_people(&r);
	given = take_name(who->given[crm_rand_below(&r, GIVEN)]);
	family = take_name(who->family[crm_rand_below(&r, FAMILY)]);
	snprintf(out->given, sizeof out->given, "%.*s", (int)given.native.n,
	    given.native.p);
	snprintf(out->family, sizeof out->family, "%.*s", (int)family.native.n,
	    family.native.p);
	out->company[0] = '\0';
	if (crm_rand_unit(&r) < 0.04)
		snprintf(out->company, sizeof out->company, "%s%s", out->family,
		    who->company);
	out->country = who->country;
	out->language = who->language;
	digits(out->phone, sizeof out->phone, who->phone, who->digits, &r);
	make_address(out, who, &r);
	out->birth = -10957 + (int64_t)crm_rand_below(&r, 24837);
	if (crm_rand_unit(&r) < 0.3)
		out->birth = INT64_MIN;
	out->channel = channels[crm_rand_below(&r, 6)];
	out->campaign = origins[crm_rand_below(&r, 6)];
	whole_name(out, who->family_first);
	make_email(out, given.latin, family.latin, of ? of : customer, &r);
	if (of) {
		crm_gen_seed(g, &r, GEN_PERSON, customer, of);
		disguise(out, who, given, family, customer, &r);
	}
}
