# A stranger's client: Perl's RPC::XML, which knows nothing of ours, takes a key from its sale to its end.
# One argument: the address of the server. Prints one line per step; the last one is "done".

use strict;
use warnings;
use RPC::XML;
use RPC::XML::Client;

my $client = RPC::XML::Client->new($ARGV[0]);
# Digits go out as integers, as this library types by look.
my $login = {login => 'demo', password => 'demo'};

sub call {
    my ($method, @given) = @_;
    my $answer = $client->send_request("partner10.$method", $login, @given);
    die "$method: $answer\n" unless ref $answer;
    die "$method: fault " . $answer->string . "\n" if $answer->is_fault;
    my $result = $answer->value;
    print "$method $result->{resultCode}\n";
    return $result;
}

call('validateLogin');
my $wares = call('getAvailableKeyTypesAndFeatures', 1);
die "no wares\n" unless grep { $_ eq 'PLESK_10_AND_LATER' } @{$wares->{keyTypes}};
my $server = {ips => ['192.0.2.77'], macs => []};
my $sold = call('createKey', $server, 1, 'PLESK_10_AND_LATER', ['30_DOMAINS'], {}, ['PLESK_ANTIVIRUS_BY_KAV'], {}, 'billing');
my $key = $sold->{mainKeyNumber};
die "no key number\n" unless $key =~ /^PLSK\.\d{8}\.0001$/;
die "no date\n" unless $sold->{expirationDate} =~ /^\d{4}-?\d\d-?\d\dT/;
die "one additional key\n" unless @{$sold->{additionalKeysNumbers}} == 1;
die "no file\n" unless call('retrieveKey', $key)->{key} =~ /SIMULATED, NOT A LICENSE/;
die "flag\n" if call('getKeyInfo', $key)->{keyInfo}{terminated};
die "not listed\n" unless grep { $_ eq $key } @{call('getKeyNumbers', $server)->{keyNumbers}};
call('bindKey', $key, '192.0.2.77');
die "not bound\n" unless call('getKeysInfoByIP', '192.0.2.77')->{keysInfo}[0]{keyNumber} eq $key;
call('unbindKey', $key);
call('upgradeKey', $key, '100_DOMAINS');
call('downgradeKey', $key, '100_DOMAINS');
call('renewKey', $key);
call('addNoteToKey', $key, 4711);
call('activateKey', $sold->{productKey});
call('sendKeyByEmail', $key, 'a@b.example', RPC::XML::boolean->new(1));
my $made = call('createClient', {
    firstName => 'Ada', lastName => 'Byron', company => 'Engines', address => '1 Mill Lane', phone => 2079460000,
    email => 'perl@engines.example', city => 'London', zip => 12345, state => 'CA', country => 'US'});
die "not found\n" unless call('searchClients', {email => 'perl@engines.example'})->{clientInfos}[0]{clientId} eq $made->{clientId};
call('terminateKey', $key);
call('terminateKey', $key);
my $fault = $client->send_request('partner10.noSuchMethod', $login);
die "no fault\n" unless ref $fault && $fault->is_fault;
print "done\n";
